"""How the work of a duty is spread over people or zones on a day, as it is or with a draft of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import floor, log10
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, today
from geo_hygiene.coverage.summary import HOLDS
from geo_hygiene.coverage.within import AREAS_WITHIN, PERSON_WITHIN, bound, demand_within
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers.tables import PEOPLE
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.zoning.drafts import DraftRecord
from geo_hygiene.zoning.loads import Load, loads_of
from geo_hygiene.zoning.workload import AMOUNT, MILLISECONDS, milliseconds, work_join

ZONES = f"""
with area_tree as materialized (
    select tree.id, tree.zone_class, community.code as community, tree.id in ({AREAS_WITHIN}) as is_within
    from area_tree as tree
    left join area as community on community.id = tree.community_id
),
zone as (
    select duty_zone.code, duty_zone.name, claim.source_id, null::int[] as person_ids
    from claim
    join duty_zone using (id)
    where claim.duty_id = :duty_id and claim.valid_from <= :on and :on < claim.valid_to
        and not exists (select from draft_zone where draft_id = :draft_id and draft_zone.code = duty_zone.code)
    union all
    select code, name, source_id, person_ids from draft_zone where draft_id = :draft_id and source_id is not null
)
select
    zone.code, zone.name, zone.source_id, zone.person_ids, area_tree.community, area_tree.is_within,
    sum(cover.to_mm - cover.from_mm) as extent_mm,
    sum((cover.to_mm - cover.from_mm) * work.passes)::float8 as passed_mm,
    sum((cover.to_mm - cover.from_mm) * {{milliseconds}})::float8 as work,
    count(*) filter (where work.minutes is null) as unruled
from zone
join cover using (source_id)
join state on state.duty_id = :duty_id and state.target_id = cover.target_id
    and state.valid_from <= :on and :on < state.valid_to
join target on target.id = cover.target_id
join {{table}} as segment on segment.id = target.id
left join area_tree on area_tree.id = target.area_id
{{work}}
group by zone.code, zone.name, zone.source_id, zone.person_ids, area_tree.community, area_tree.is_within
order by zone.code, zone.source_id, area_tree.community nulls last
"""  # noqa: S608 - constants
"""The zones of a day in parts of one community each; only what the duty must look after counts."""

HOLDERS = f"""
select
    held.zone, person.code, person.name, person.employment, day.minutes::float8 as day_min,
    {PERSON_WITHIN} as is_within
from (
    select assignment.zone, assignment.person_id from assignment
    where {HOLDS} and assignment.zone = any(cast(:zones as text[]))
    union
    select zone, person_id from unnest(cast(:drafted as text[]), cast(:persons as int[])) as drafted (zone, person_id)
) as held
join person on person.id = held.person_id
left join lateral daily_work('{PEOPLE.key}', person.employment, null, null, :on) as day on true
order by person.code, held.zone
"""  # noqa: S608 - constants

BINS = 16
"""So many at most tell how loads are spread."""


class By(StrEnum):
    """Whose work is told."""

    PERSON = "person"
    ZONE = "zone"


@dataclass(slots=True)
class _Part:
    """What a zone holds of one community."""

    extent_mm: int = 0
    passed_mm: float = 0
    work: float = 0

    def take(self, other: _Part) -> None:
        self.extent_mm += other.extent_mm
        self.passed_mm += other.passed_mm
        self.work += other.work


@dataclass(slots=True, kw_only=True)
class Burden:
    """What somebody, or whoever holds a zone, has to do on a day.

    Attributes
    ----------
    beside
        Codes of the zones that a person holds, or of the persons who hold a zone.
    day_min
        Minutes of a working day of the person.
    communities
        Work by the code of a community.
    within
        Work in the area that is asked for.
    unruled
        Targets of which no rule says how long they take.
    is_held
        Whether anybody holds the zone, of people that the asker may not see too.
    """

    code: str
    name: str | None
    employment: str | None = None
    day_min: float | None = None
    beside: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    sums: _Part = field(default_factory=_Part)
    communities: dict[str | None, float] = field(default_factory=lambda: defaultdict(float))
    within: float = 0
    unruled: int = 0
    is_held: bool = False

    @property
    def minutes(self) -> float:
        """Return the minutes a day."""
        return self.sums.work / MILLISECONDS

    @property
    def share(self) -> float | None:
        """Return which share of a working day that is."""
        return self.minutes / self.day_min if self.day_min else None

    @property
    def community(self) -> str | None:
        """Return the community where most of it is."""
        return max(self.communities, key=lambda code: (self.communities[code], code or ""), default=None)

    @property
    def is_within(self) -> bool:
        """Whether most of it is in the area that is asked for."""
        return self.within * 2 >= self.sums.work and self.within > 0

    def as_json(self, duty: DutyRecord, load: Load, beside: str) -> dict[str, Any]:
        """Return the public form; ``beside`` is what its zones or holders are called."""
        return {
            "code": self.code,
            "name": self.name,
            "employment": self.employment,
            "community": self.community,
            beside: list(self.beside),
            "amount": duty.amount(self.sums.extent_mm),
            "amount_a_day": round(self.sums.passed_mm / AMOUNT[duty.unit], 3),
            "residents": _rounded(load.residents, 1),
            "tanks": load.tanks,
            "minutes": round(self.minutes, 2),
            "day_min": self.day_min,
            "share": _rounded(self.share, 4),
        }

    def take(self, zone: Burden) -> None:
        """Add a zone."""
        self.beside.append(zone.code)
        self.sources += zone.sources
        self.sums.take(zone.sums)
        self.within += zone.within
        self.unruled += zone.unruled
        for code, work in zone.communities.items():
            self.communities[code] += work


@dataclass(frozen=True, slots=True)
class Distribution:
    """How minutes a day are spread; nothing where there are none."""

    minutes: Sequence[float]
    """In order, the least first."""

    @classmethod
    def of(cls, burdens: Iterable[Burden]) -> Distribution:
        """Return how the work of some is spread."""
        return cls(sorted(one.minutes for one in burdens))

    @property
    def mean(self) -> float | None:
        """Return the mean."""
        return sum(self.minutes) / len(self.minutes) if self.minutes else None

    @property
    def max_over_mean(self) -> float | None:
        """Return how many times the mean the most is."""
        return self.minutes[-1] / self.mean if self.mean else None

    def as_json(self) -> dict[str, Any]:
        """Return the public form, without the bins."""
        quartiles = np.quantile(self.minutes, [0, 0.25, 0.5, 0.75, 1]).tolist() if self.minutes else [None] * 5
        names = ("min", "lower_quartile", "median", "upper_quartile", "max")
        return {
            "count": len(self.minutes),
            "sum": round(sum(self.minutes), 2),
            "mean": _rounded(self.mean),
            **{name: _rounded(value) for name, value in zip(names, quartiles, strict=True)},
            "max_over_mean": _rounded(self.max_over_mean, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The work of a duty on a day, whoever has most of it first.

    Attributes
    ----------
    zones
        Work of each zone, whoever holds it.
    """

    duty: DutyRecord
    on: date
    by: By
    plan: str
    burdens: Sequence[Burden]
    zones: Sequence[Burden]

    @property
    def distribution(self) -> Distribution:
        """Return how it is spread."""
        return Distribution.of(self.burdens)

    @property
    def vacant(self) -> float:
        """Return the minutes a day of zones that nobody holds."""
        return sum(zone.minutes for zone in self.zones if not zone.is_held)

    @property
    def unruled(self) -> int:
        """Return of how many targets no rule says how long they take."""
        return sum(zone.unruled for zone in self.zones)

    def by_community(self) -> list[tuple[str | None, Distribution]]:
        """Return how it is spread in each community, each burden being where most of it is."""
        parts: dict[str | None, list[Burden]] = defaultdict(list)
        for one in self.burdens:
            parts[one.community].append(one)
        return [(code, Distribution.of(parts[code])) for code in sorted(parts, key=lambda code: (code is None, code))]

    def as_json(
        self,
        rows: Sequence[Burden],
        loads: Mapping[str, Load],
        published: Workload | None,
        after: str | None = None,
    ) -> dict[str, Any]:
        """Return the public form with some of the rows; beside a draft stands how it is ``published``."""
        spread = self.distribution
        bins, (counts, *others) = bins_of(spread, *([published.distribution] if published else []))
        before = others[0] if others else [None] * len(bins)
        beside = "zones" if self.by is By.PERSON else "holders"
        return {
            "duty": self.duty.code,
            "on": self.on.isoformat(),
            "plan": self.plan,
            "by": self.by.value,
            "unit": self.duty.unit,
            "workload_unit": "min",
            "vacant_min": round(self.vacant, 2),
            "without_rule": self.unruled,
            "distribution": spread.as_json(),
            "published": published.distribution.as_json() if published else None,
            "bins": [
                {"from_min": low, "to_min": high, "count": count, "published": former}
                for (low, high), count, former in zip(bins, counts, before, strict=True)
            ],
            "by_community": [{"code": code, **part.as_json()} for code, part in self.by_community()],
            "rows": [one.as_json(self.duty, loads[one.code], beside) for one in rows],
            "next": after,
        }

    def page(self, after: str | None, limit: int) -> tuple[Sequence[Burden], str | None]:
        """Return so many that come after the one with a code, and the code after which the next page begins.

        Raises
        ------
        UnknownRecordError
            If there is none with the code.
        """
        begin = 0 if after is None else next((at for at, one in enumerate(self.burdens, 1) if one.code == after), None)
        if begin is None:
            raise UnknownRecordError(_("“%(key)s” is not the key of a page.", key=after))
        rows = self.burdens[begin : begin + limit]
        return rows, rows[-1].code if begin + limit < len(self.burdens) else None


def workload(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    by: By = By.PERSON,
    *,
    draft: DraftRecord | None = None,
    area: str | None = None,
    within: Areas = EVERYWHERE,
) -> Workload:
    """Return the work of a duty on a day, by person or by zone.

    Each who holds a zone is told with all of it, as in the figures of cover. Of people only those are told who belong
    ``within`` the areas to which the asker's role is limited; with an ``area`` those, or zones, whose work is mostly
    there.

    Raises
    ------
    UnknownRecordError
        If there is no such area, or it is not among those of the asker.
    """
    if area is not None:
        demand_within(connection, area, frozenset({area}) if within is None else within)
    zones, drafted = _zones(connection, duty, on, draft, area)
    people = _people(connection, on, zones, drafted, within)
    told = people if by is By.PERSON else zones.values()
    chosen = [one for one in told if area is None or one.is_within]
    return Workload(
        duty=duty,
        on=on,
        by=by,
        plan="published" if draft is None else draft.name,
        burdens=sorted(chosen, key=lambda one: (-one.sums.work, one.code)),
        zones=[zone for zone in zones.values() if area is None or zone.is_within],
    )


def workloads(
    connection: Connection,
    duty: DutyRecord,
    on: date | None,
    by: By,
    *,
    draft: DraftRecord | None = None,
    area: str | None = None,
    within: Areas = EVERYWHERE,
) -> tuple[Workload, Workload | None]:
    """Return the work of a day, or today; with a draft that on its day, and beside it the work of the plan."""
    day = on or (today(connection) if draft is None else draft.plan_on)
    plan = workload(connection, duty, day, by, area=area, within=within)
    if draft is None:
        return plan, None
    return workload(connection, duty, day, by, draft=draft, area=area, within=within), plan


def loads_of_burdens(
    connection: Connection, duty: DutyRecord, on: date, burdens: Iterable[Burden]
) -> Mapping[str, Load]:
    """Return what lies along the zones of each, by code."""
    return loads_of(connection, duty, on, {one.code: one.sources for one in burdens})


def bins_of(*distributions: Distribution) -> tuple[list[tuple[float, float]], list[list[int]]]:
    """Return bins of minutes that hold all of several distributions, and how many of each lie in each of them."""
    minutes = [value for one in distributions for value in one.minutes]
    if not minutes:
        return [], [[] for _one in distributions]
    least, most = min(minutes), max(minutes)
    step = _round_step(max(most - least, 1) / BINS)
    first = floor(least / step)
    count = max(1, floor(most / step) - first + 1)
    edges = [round((first + at) * step, 6) for at in range(count + 1)]
    counts = [np.histogram(one.minutes, edges)[0].tolist() for one in distributions]
    return list(pairwise(edges)), counts


def _round_step(least: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50… that is not less."""
    power = 10.0 ** floor(log10(least))
    return next(power * part for part in (1, 2, 5, 10) if power * part >= least)


def _zones(
    connection: Connection, duty: DutyRecord, on: date, draft: DraftRecord | None, area: str | None
) -> tuple[dict[str, Burden], dict[str, Sequence[int]]]:
    """Return the zones of a day, and the persons who hold those of a draft that says so."""
    layer = duty.layer
    statement = ZONES.format(table=layer.model.__tablename__, work=work_join(layer), milliseconds=milliseconds(layer))
    asked = {
        "duty_id": duty.id,
        "on": on,
        "draft_id": None if draft is None else draft.id,
        **bound(frozenset() if area is None else frozenset({area})),
    }
    zones: dict[str, Burden] = {}
    drafted: dict[str, Sequence[int]] = {}
    for row in connection.execute(text(statement), asked):
        zone = zones.setdefault(row.code, Burden(code=row.code, name=row.name))
        if row.source_id not in zone.sources:
            zone.sources.append(row.source_id)
        work = row.work or 0.0
        zone.sums.take(_Part(int(row.extent_mm), row.passed_mm or 0.0, work))
        zone.communities[row.community] += work
        zone.within += work if row.is_within else 0
        zone.unruled += row.unruled
        if row.person_ids is not None:
            drafted[row.code] = row.person_ids
    return zones, drafted


def _people(
    connection: Connection,
    on: date,
    zones: Mapping[str, Burden],
    drafted: Mapping[str, Sequence[int]],
    within: Areas,
) -> list[Burden]:
    """Return who holds zones, with all that they hold; tell the zones who holds them."""
    pairs = [(code, person) for code, persons in drafted.items() for person in persons]
    asked = {
        "on": on,
        "zones": [code for code in zones if code not in drafted],
        "drafted": [code for code, _person in pairs],
        "persons": [person for _code, person in pairs],
        **bound(within),
    }
    people: dict[str, Burden] = {}
    for row in connection.execute(text(HOLDERS), asked):
        zones[row.zone].is_held = True
        if not row.is_within:
            continue
        person = people.setdefault(
            row.code, Burden(code=row.code, name=row.name, employment=row.employment, day_min=row.day_min)
        )
        person.take(zones[row.zone])
        zones[row.zone].beside.append(row.code)
    return list(people.values())


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)
