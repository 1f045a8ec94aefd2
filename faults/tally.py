"""What a class of faults came to."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

IsOver = Callable[[], bool]
"""Tells whether a group of trials shall come to its end: its time is over, or somebody stops it."""

ROOT = Path(__file__).parent.parent
OWN_FOLDERS = re.compile(r"/\S*?/geo-hygiene-faults-\w+")
MOST_WRONG = 20
"""Things that went wrong that are told one by one."""


def _of_any_machine(words: str) -> str:
    """Return words without the folders in which the program, its packages and its files lie on this machine."""
    for folder in (sys.prefix, sys.base_prefix, ROOT):
        words = words.replace(f"{folder}/", "")
    return OWN_FOLDERS.sub("…", words)


def never() -> bool:
    """Go on until all is tried."""
    return False


@dataclass
class Tally:
    """The figures of one class.

    Attributes
    ----------
    group, name
        Where it stands in the report.
    how
        What was done, in a sentence.
    tried, accepted, refused
        Numbers of tries; a request is accepted when it is answered with 2xx or 3xx.
    accepted_wrongly
        Tries after which something is stored, or told, that must not be.
    refused_wrongly
        Tries after which something is not stored that must be; None where nobody knows of it.
    server_errors
        Answers of 5xx that are not 503 with Retry-After.
    told_to_wait
        Answers of 503 with Retry-After.
    deaths
        Processes that died though nobody killed them: web workers, servers, imports; not the reading process, which is
        there to die.
    reader_deaths
        Reading processes that a file killed; the file was refused.
    lost
        Records that were acknowledged and are gone, or half there.
    seconds
        Wall time.
    seeds
        Of the runs.
    counts
        More numbers of what was seen, by name.
    figures
        What can not be added up, by name.
    codes
        How often each finding refused something.
    wrong
        What went wrong, in words.
    """

    group: str
    name: str
    how: str = ""
    tried: int = 0
    accepted: int = 0
    refused: int = 0
    accepted_wrongly: int = 0
    refused_wrongly: int | None = None
    server_errors: int = 0
    told_to_wait: int = 0
    deaths: int = 0
    reader_deaths: int = 0
    lost: int = 0
    seconds: float = 0.0
    seeds: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    figures: dict[str, float | int | str] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        """Keep what went wrong, if not too much of it is kept already."""
        if len(self.wrong) < MOST_WRONG:
            self.wrong.append(_of_any_machine(words)[-2000:])

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (
            self.accepted_wrongly
            or self.refused_wrongly
            or self.server_errors
            or self.deaths
            or self.lost
            or self.wrong
        )

    def as_json(self) -> dict[str, Any]:
        """Return the figures for the results file."""
        return {
            **asdict(self),
            "codes": dict(self.codes.most_common()),
            "counts": dict(self.counts),
            "seconds": round(self.seconds, 1),
        }


ADDED = (
    "tried",
    "accepted",
    "refused",
    "accepted_wrongly",
    "server_errors",
    "told_to_wait",
    "deaths",
    "reader_deaths",
    "lost",
    "seconds",
)


def totals(tallies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sums of tallies, each as `Tally.as_json` gives it."""
    known = [tally["refused_wrongly"] for tally in tallies if tally["refused_wrongly"] is not None]
    sums = {name: sum(tally[name] for tally in tallies) for name in ADDED}
    return {**sums, "refused_wrongly": sum(known) if known else None}


def together(tallies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tallies of one class in several runs as one: a figure becomes a span."""
    return {
        **tallies[0],
        **totals(tallies),
        "seeds": [seed for tally in tallies for seed in tally["seeds"]],
        "counts": dict(_added(tally["counts"] for tally in tallies)),
        "codes": dict(_added(tally["codes"] for tally in tallies).most_common()),
        "figures": {
            name: span([tally["figures"][name] for tally in tallies if name in tally["figures"]])
            for name in dict.fromkeys(name for tally in tallies for name in tally["figures"])
        },
        "wrong": [words for tally in tallies for words in tally["wrong"]],
    }


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return found


def span(values: Sequence[Any]) -> Any:
    """Return the least and the most of some values, or the one that they all are."""
    least, most = min(values), max(values)
    return least if least == most else f"{least} to {most}"


def percentile(values: list[float], share: float) -> float:
    """Return the value under which that share of the values lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
