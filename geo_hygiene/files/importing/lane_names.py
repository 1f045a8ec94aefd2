"""Find the lane that somebody means, and say which it may be when there is none of the name."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from geo_hygiene.coverage.lane_lines import LaneLine, fold
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.i18n import N_

KINDS_OF_LANE = ("大道", "大街", "小区", "胡同", "路", "街", "巷", "道", "弄", "里")
"""How names of lanes end; people mix them up."""
_DISTRICT = re.compile("省|市|区|县|镇|乡|街道|社区|村")
"""How the names of what lies above lanes end."""
LIKENESS = 0.72
"""From which ratio of equal characters one name may be meant by another."""
MOST_GUESSES = 3
MOST_GUESSED = 100
"""Unknown names of one file for which others are looked up."""


class LaneNames:
    """The names and codes of lanes, as they are looked up."""

    def __init__(self, lines: Sequence[LaneLine]) -> None:
        self._by_code = {fold(line.code): line for line in lines}
        self._by_name: dict[str, list[LaneLine]] = defaultdict(list)
        self._guessed: dict[str, list[str]] = {}
        for line in lines:
            if line.name:
                self._by_name[fold(line.name)].append(line)

    def find(self, name: str | None, code: str | None) -> list[LaneLine]:
        """Return the lane of the code; else those of the name, or whose code it is.

        What an address says of cities and districts before the name of the lane is passed over.
        """
        if code is not None and fold(code) in self._by_code:
            return [self._by_code[fold(code)]]
        if name is None:
            return []
        said = fold(name)
        if said in self._by_name:
            return self._by_name[said]
        if said in self._by_code:
            return [self._by_code[said]]
        behind = (said[found.end() :] for found in _DISTRICT.finditer(said))
        return next((self._by_name[rest] for rest in behind if rest in self._by_name), [])

    @property
    def are_none(self) -> bool:
        """Whether no lane is known at all."""
        return not self._by_code

    def unknown(self, name: str, row: int, count: int) -> Finding:
        """Return what is said of a row whose lane is not known, or the name of several."""
        if count:
            words = N_("There are %(count)s lanes “%(value)s”; say which with lane_code.")
            return Finding(Code.UNKNOWN_CODE, words, row, "lane", name, values={"value": name, "count": count})
        guesses = self._told_guesses(name)
        hint = (
            N_("Did you mean %(guesses)s?")
            if guesses
            else N_("Import the streets first, or see how it is written there.")
        )
        values = {"value": name, "guesses": ", ".join(f"“{guess}”" for guess in guesses)}
        return Finding(Code.UNKNOWN_CODE, N_("There is no lane “%(value)s”."), row, "lane", name, hint, values)

    def _told_guesses(self, name: str) -> list[str]:
        """Return guesses for as many names as people read: each one is compared with every lane."""
        if name not in self._guessed and len(self._guessed) < MOST_GUESSED:
            self._guessed[name] = self.guesses(name)
        return self._guessed.get(name, [])

    def guesses(self, name: str) -> list[str]:
        """Return names that may be meant, the likeliest first: 路 for 街, the same sound, a letter amiss."""
        said = fold(name)
        stem, sound = _stem(said), _sound(said)
        alike = [other for other in self._by_name if _stem(other) == stem]
        alike += [other for other in self._sounds.get(sound, []) if other not in alike]
        alike += [
            other
            for other in difflib.get_close_matches(said, self._by_name, MOST_GUESSES, LIKENESS)
            if other not in alike
        ]
        return [str(self._by_name[other][0].name) for other in alike[:MOST_GUESSES]]

    @cached_property
    def _sounds(self) -> dict[str, list[str]]:
        sounds: dict[str, list[str]] = defaultdict(list)
        for name in self._by_name:
            sounds[_sound(name)].append(name)
        return sounds


def _stem(name: str) -> str:
    for kind in KINDS_OF_LANE:
        if name.endswith(kind) and len(name) > len(kind) + 1:
            return name.removesuffix(kind)
    return name


def _sound(name: str) -> str:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - loads a dictionary, which few imports need

    return " ".join(lazy_pinyin(name))
