"""Find the lane that somebody means, and say which it may be when there is none of the name."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from geo_hygiene.coverage.lane_lines import LaneLine, fold

KINDS_OF_LANE = ("大道", "大街", "小区", "胡同", "路", "街", "巷", "道", "弄", "里")
"""How names of lanes end; people mix them up."""
LIKENESS = 0.72
"""From which ratio of equal characters one name may be meant by another."""
MOST_GUESSES = 3


class LaneNames:
    """The names and codes of lanes, as they are looked up."""

    def __init__(self, lines: Sequence[LaneLine]) -> None:
        self._by_code = {fold(line.code): line for line in lines}
        self._by_name: dict[str, list[LaneLine]] = defaultdict(list)
        for line in lines:
            if line.name:
                self._by_name[fold(line.name)].append(line)

    def find(self, name: str | None, code: str | None) -> list[LaneLine]:
        """Return the lane of the code; else those of the name, or whose code it is."""
        if code is not None and fold(code) in self._by_code:
            return [self._by_code[fold(code)]]
        if name is None:
            return []
        found = self._by_name.get(fold(name), [])
        return found or [line for line in [self._by_code.get(fold(name))] if line is not None]

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
