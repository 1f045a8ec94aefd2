"""What of a campaign's targets was found and treated up to a day: three denominators, never one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.campaigns.pieces import REASONS, State
from geo_hygiene.coverage.reached import GROUND, Figure, areas_of_page, figures
from geo_hygiene.coverage.work import DONE
from geo_hygiene.i18n import N_
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.permissions import Areas

VISITED = 0.2
"""Found coverage from which an area counts as visited."""

TREATED_WELL = 0.9
"""Effectiveness from which an area counts as treated well."""

SHARES = {
    "found_coverage": N_("Found coverage"),
    "treatment_coverage": N_("Treatment coverage"),
    "effectiveness": N_("Effectiveness"),
}
"""What the three shares are called, which are never told as one."""

AREAS = "select id, code, name from area where id = any(:ids) order by code, id"

AREAS_APART = """
select area.level, area.id
from area
join area_tree using (id)
where area.code = any(:codes) and not exists (
    select from area as above
    where above.id in (area_tree.community_id, area_tree.office_id) and above.id <> area.id
        and above.code = any(:codes)
)
"""
"""Areas of every day by their codes, without those that lie in another one of them."""

AREAS_CALLED = """
select id from area where level = :level and (code = :code or (cast(:code as text) is null and code is null))
"""


class Level(StrEnum):
    """By which areas a campaign is broken down."""

    OFFICE = "office"
    COMMUNITY = "community"
    GROUP = "group"


@dataclass(slots=True)
class KindCover:
    """One kind of target, in millimetres or counts.

    Attributes
    ----------
    by_result
        What was found, by its result.
    old
        What was found too long ago; treated like that it counts as treated, and its state is old.
    middle
        The day since which half of what was found has been seen.
    """

    kind: str
    on_ground: int = 0
    by_result: Counter[str] = field(default_factory=Counter)
    old: Counter[str] = field(default_factory=Counter)
    middle: date | None = None

    @property
    def found(self) -> int:
        """Return what was treated or could not be, with its reason."""
        return self.by_result.total()

    @property
    def treated(self) -> int:
        """Return what was treated, however long ago."""
        return self.by_result[DONE]

    @property
    def effectiveness(self) -> float | None:
        """Return treated of all that is on the ground."""
        return _ratio(self.treated, self.on_ground)

    @property
    def found_coverage(self) -> float | None:
        """Return found of all that is on the ground."""
        return _ratio(self.found, self.on_ground)

    def add(self, figure: Figure) -> None:
        """Add a figure of the same kind."""
        if figure.result == GROUND:
            self.on_ground += figure.extent
            return
        self.by_result[figure.result] += figure.extent
        self.old[figure.result] += figure.old
        self.middle = max(filter(None, (self.middle, figure.middle)), default=None)

    def states(self) -> dict[State, int]:
        """Return everything on the ground by its state."""
        treated = self.treated - self.old[DONE]
        return {
            State.TREATED: treated,
            State.NOT_TREATED: self.found - self.old.total() - treated,
            State.NOT_VISITED: self.on_ground - self.found,
            State.OLD: self.old.total(),
        }

    def as_json(self, on: date) -> dict[str, Any]:
        """Return the public form: metres or counts, shares between 0 and 1, a ratio of nothing as ``None``."""
        layer = layer_of(self.kind)
        states = self.states()
        return {
            "kind": self.kind,
            "unit": layer.unit,
            "on_ground": layer.amount(self.on_ground),
            "found": layer.amount(self.found),
            "treated": layer.amount(self.treated),
            "found_coverage": self.found_coverage,
            "treatment_coverage": _ratio(self.treated, self.found),
            "effectiveness": self.effectiveness,
            "not_treated": {reason: layer.amount(self.by_result[reason]) for reason in REASONS},
            "not_visited": layer.amount(states[State.NOT_VISITED]),
            "age_days": {
                "median": None if self.middle is None else (on - self.middle).days,
                "over_limit": layer.amount(states[State.OLD]),
                "treated_over_limit": layer.amount(self.old[DONE]),
            },
            "states": {state.value: layer.amount(states[state]) for state in State},
        }


@dataclass(frozen=True, slots=True)
class AreaCover:
    """The kinds of one area; ``code`` is ``None`` for what lies in none."""

    code: str | None
    name: str | None
    kinds: tuple[KindCover, ...]


@dataclass(frozen=True, slots=True)
class CampaignCover:
    """The answer of :func:`campaign_cover`; ``next`` is the key of the page that follows."""

    campaign: CampaignRecord
    on: date
    kinds: tuple[KindCover, ...]
    level: Level | None
    areas: tuple[AreaCover, ...]
    next: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        return {
            "campaign": self.campaign.code,
            "on": self.on.isoformat(),
            "kinds": [kind.as_json(self.on) for kind in self.kinds],
            "by_level": self.level,
            "by": [
                {"code": area.code, "name": area.name, "kinds": [kind.as_json(self.on) for kind in area.kinds]}
                for area in self.areas
            ],
            "next": self.next,
            "goals": {"visited": VISITED, "treated": TREATED_WELL},
        }


def campaign_cover(
    connection: Connection,
    campaign: CampaignRecord,
    on: date,
    level: Level | None = None,
    *,
    area: str | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> CampaignCover:
    """Return what a campaign found and treated up to and with a day, by kind, and by area where a level is given.

    With a ``limit`` the areas are a page of at most so many, which begins ``after`` the code of the last one of the
    page before; what has no code comes on top of the last page. With ``area`` it is the one with this code alone.
    """
    whole = _by_kind(figures(connection, campaign.id, on, "all", limit_days=campaign.limit_days), campaign.kinds)
    areas, key = ((), None) if level is None else _areas(connection, campaign, on, level, area, limit, after)
    return CampaignCover(campaign, on, whole, level, areas, key)


def kinds_within(connection: Connection, campaign: CampaignRecord, on: date, within: Areas) -> tuple[KindCover, ...]:
    """Return what a campaign found and treated up to and with a day, by kind, in some areas together.

    The day since which half was seen is that of the area where it is latest.
    """
    if within is None:
        return campaign_cover(connection, campaign, on).kinds
    ids: dict[str, list[int]] = defaultdict(list)
    for row in connection.execute(text(AREAS_APART), {"codes": sorted(within)}):
        ids[row.level].append(row.id)
    asked = partial(figures, connection, campaign.id, on, limit_days=campaign.limit_days)
    return _by_kind(one for level, own in ids.items() for one in asked(level, area_ids=own))


def _areas(
    connection: Connection,
    campaign: CampaignRecord,
    on: date,
    level: Level,
    area: str | None,
    limit: int | None,
    after: str | None,
) -> tuple[tuple[AreaCover, ...], str | None]:
    """Return areas, and the key of the page that follows."""
    asked = partial(figures, connection, campaign.id, on, level.value, limit_days=campaign.limit_days)
    if area is not None:
        return _by_area(connection, asked(area_ids=_called(connection, level, area))), None
    if limit is None:
        return _by_area(connection, asked()), None
    found = areas_of_page(connection, campaign.id, on, level.value, limit=limit + 1, after=after)
    rows = _by_area(connection, asked(area_ids=[row.id for row in found[:limit]]))
    if len(found) > limit:
        return rows, found[limit - 1].code
    return rows + _by_area(connection, asked(area_ids=_called(connection, level, None), nowhere=True)), None


def _called(connection: Connection, level: Level, code: str | None) -> list[int]:
    return list(connection.scalars(text(AREAS_CALLED), {"level": level.value, "code": code}))


def _by_kind(found: Iterable[Figure], told: Iterable[str] = ()) -> tuple[KindCover, ...]:
    """Return figures by kind; the kinds ``told`` also where nothing of them is on the ground."""
    kinds = {kind: KindCover(kind) for kind in told}
    for figure in found:
        kinds.setdefault(figure.kind, KindCover(figure.kind)).add(figure)
    return tuple(kinds[kind] for kind in LAYERS if kind in kinds)


def _by_area(connection: Connection, found: Iterable[Figure]) -> tuple[AreaCover, ...]:
    parts: dict[int | None, list[Figure]] = defaultdict(list)
    for figure in found:
        parts[figure.area_id].append(figure)
    areas = connection.execute(text(AREAS), {"ids": [area_id for area_id in parts if area_id is not None]})
    named = [AreaCover(row.code, row.name, _by_kind(parts[row.id])) for row in areas]
    return (*named, AreaCover(None, None, _by_kind(parts[None]))) if None in parts else tuple(named)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
