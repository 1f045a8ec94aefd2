"""What a class of faults came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_WRONG = 20
"""Things that went wrong that are told one by one."""


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
    figures
        More figures by name.
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
    server_errors: int = 0
    told_to_wait: int = 0
    deaths: int = 0
    reader_deaths: int = 0
    lost: int = 0
    seconds: float = 0.0
    seeds: list[int] = field(default_factory=list)
    figures: dict[str, float | int | str] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        """Keep what went wrong, if not too much of it is kept already."""
        if len(self.wrong) < MOST_WRONG:
            self.wrong.append(words[-2000:])

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.accepted_wrongly or self.server_errors or self.deaths or self.lost or self.wrong)

    def as_json(self) -> dict[str, Any]:
        """Return the figures for the results file."""
        return {**asdict(self), "codes": dict(self.codes.most_common()), "seconds": round(self.seconds, 1)}


def percentile(values: list[float], share: float) -> float:
    """Return the value under which that share of the values lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
