"""What of a campaign's targets was found and treated up to a day: three denominators, never one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.campaigns.pieces import REASONS, TARGETS, TREATMENTS, State, asked, state_of
from geo_hygiene.coverage.work import DONE, WorkSum, work_sums
from geo_hygiene.layers import LAYERS, layer_of

VISITED = 0.2
"""Found coverage from which an area counts as visited."""

TREATED_WELL = 0.9
"""Effectiveness from which an area counts as treated well."""

AREAS = """
select area_tree.id as area_id, area.code, area.name
from area_tree
left join area on area.id = area_tree.{level}_id
"""


class Level(StrEnum):
    """By which areas a campaign is broken down."""

    OFFICE = "office"
    COMMUNITY = "community"
    GROUP = "group"


@dataclass(slots=True)
class KindCover:
    """One kind of target, in millimetres or counts."""

    kind: str
    on_ground: int = 0
    seen: Counter[tuple[str, int]] = field(default_factory=Counter)
    """What was found, by its result and the days since then."""

    @property
    def found(self) -> int:
        """Return what was treated or could not be, with its reason."""
        return self.seen.total()

    @property
    def treated(self) -> int:
        """Return what was treated, however long ago."""
        return self.with_result(DONE)

    @property
    def effectiveness(self) -> float | None:
        """Return treated of all that is on the ground."""
        return _ratio(self.treated, self.on_ground)

    @property
    def found_coverage(self) -> float | None:
        """Return found of all that is on the ground."""
        return _ratio(self.found, self.on_ground)

    def add(self, part: WorkSum, on: date) -> None:
        """Add a sum of the same kind."""
        self.on_ground += part.extent
        if part.result is not None and part.day is not None:
            self.seen[part.result, (on - part.day).days] += part.extent

    def with_result(self, result: str) -> int:
        """Return what was found with a result."""
        return sum(extent for (found, _days), extent in self.seen.items() if found == result)

    def treated_over(self, limit_days: int | None) -> int:
        """Return what was treated too long ago: it counts as treated, and its state is old."""
        return sum(
            extent
            for (result, days), extent in self.seen.items()
            if result == DONE and state_of(result, days, limit_days) is State.OLD
        )

    def states(self, limit_days: int | None) -> Counter[State]:
        """Return everything on the ground by its state."""
        states = Counter({State.NOT_VISITED: self.on_ground - self.found})
        for (result, days), extent in self.seen.items():
            states[state_of(result, days, limit_days)] += extent
        return states

    def as_json(self, limit_days: int | None) -> dict[str, Any]:
        """Return the public form: metres or counts, shares between 0 and 1, a ratio of nothing as ``None``."""
        layer = layer_of(self.kind)
        states = self.states(limit_days)
        return {
            "kind": self.kind,
            "unit": layer.unit,
            "on_ground": layer.amount(self.on_ground),
            "found": layer.amount(self.found),
            "treated": layer.amount(self.treated),
            "found_coverage": self.found_coverage,
            "treatment_coverage": _ratio(self.treated, self.found),
            "effectiveness": self.effectiveness,
            "not_treated": {reason: layer.amount(self.with_result(reason)) for reason in REASONS},
            "not_visited": layer.amount(states[State.NOT_VISITED]),
            "age_days": {
                "median": self._median_age(),
                "over_limit": layer.amount(states[State.OLD]),
                "treated_over_limit": layer.amount(self.treated_over(limit_days)),
            },
            "states": {state.value: layer.amount(states[state]) for state in State},
        }

    def _median_age(self) -> int | None:
        """Return the age of the metre (or target) in the middle, the younger of two."""
        passed = 0
        for (_result, days), extent in sorted(self.seen.items(), key=lambda item: item[0][1]):
            passed += extent
            if 2 * passed >= self.found > 0:
                return days
        return None


@dataclass(frozen=True, slots=True)
class AreaCover:
    """The kinds of one area; ``code`` is ``None`` for what lies in none."""

    code: str | None
    name: str | None
    kinds: tuple[KindCover, ...]


@dataclass(frozen=True, slots=True)
class CampaignCover:
    """The answer of :func:`campaign_cover`."""

    campaign: CampaignRecord
    on: date
    kinds: tuple[KindCover, ...]
    level: Level | None
    areas: tuple[AreaCover, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        limit = self.campaign.limit_days
        return {
            "campaign": self.campaign.code,
            "on": self.on.isoformat(),
            "kinds": [kind.as_json(limit) for kind in self.kinds],
            "by_level": self.level,
            "by": [
                {"code": area.code, "name": area.name, "kinds": [kind.as_json(limit) for kind in area.kinds]}
                for area in self.areas
            ],
            "goals": {"visited": VISITED, "treated": TREATED_WELL},
        }


def campaign_cover(
    connection: Connection, campaign: CampaignRecord, on: date, level: Level | None = None
) -> CampaignCover:
    """Return what a campaign found and treated up to and with a day, by kind, and by area where a level is given."""
    sums = work_sums(connection, TARGETS, TREATMENTS, asked(campaign, on))
    areas = () if level is None else _by_area(connection, sums, on, level)
    return CampaignCover(campaign, on, _by_kind(sums, on, campaign.kinds), level, areas)


def _by_kind(sums: Iterable[WorkSum], on: date, told: Iterable[str] = ()) -> tuple[KindCover, ...]:
    """Return sums by kind; the kinds ``told`` also where nothing of them is on the ground."""
    kinds = {kind: KindCover(kind) for kind in told}
    for part in sums:
        kinds.setdefault(part.kind, KindCover(part.kind)).add(part, on)
    return tuple(kinds[kind] for kind in LAYERS if kind in kinds)


def _by_area(connection: Connection, sums: Iterable[WorkSum], on: date, level: Level) -> tuple[AreaCover, ...]:
    above: Mapping[int | None, tuple[str | None, str | None]] = {
        row.area_id: (row.code, row.name) for row in connection.execute(text(AREAS.format(level=level.value)))
    }
    parts: dict[tuple[str | None, str | None], list[WorkSum]] = defaultdict(list)
    for part in sums:
        parts[above.get(part.area_id, (None, None))].append(part)
    return tuple(AreaCover(*area, _by_kind(parts[area], on)) for area in _in_order(parts))


def _in_order(areas: Iterable[tuple[str | None, str | None]]) -> Iterator[tuple[str | None, str | None]]:
    """Yield areas by code, what lies in none at the end."""
    yield from sorted(areas, key=lambda area: (area[0] is None, area[0] or ""))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
