"""What somebody hands over: each zone with its work, lanes, residents, tanks, and who holds what lies beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord, all_duties
from geo_hygiene.coverage.writing import lists_of
from geo_hygiene.zoning.loads import load_of

ZONES = """
select distinct on (claim.duty_id, duty_zone.code)
    claim.id, claim.source_id, claim.duty_id, duty_zone.code, duty_zone.name, assignment.shift,
    case when assignment.person_id = :person then absent.name end as stands_in_for
from assignment
join duty_zone on duty_zone.code = assignment.zone
join claim on claim.id = duty_zone.id and claim.valid_from <= :on and :on < claim.valid_to
left join person as absent on absent.id = assignment.stands_in_for
where :person in (assignment.person_id, assignment.stands_in_for)
    and assignment.valid_from <= :on and :on < assignment.valid_to
order by claim.duty_id, duty_zone.code, assignment.valid_from
"""

LANES = """
select coalesce(lane.name, drain.name, lane.code, drain.code, tank.code) as name,
    sum(cover.to_mm - cover.from_mm) as mm, count(distinct target.id) as targets
from cover
join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
left join street_segment on street_segment.id = target.id
left join lane on lane.id = street_segment.lane_id
left join drain_segment on drain_segment.id = target.id
left join drain on drain.id = drain_segment.drain_id
left join septic_tank as tank on tank.id = target.id
where cover.source_id = :source
group by 1
order by mm desc, name
"""

HOUSEHOLDS = """
select sum(tank.households)::int
from cover
join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
join septic_tank as tank on tank.id = target.id
where cover.source_id = :source
"""

NEIGHBOURS = """
select beside_zone.code, beside_zone.name, (
    select string_agg(person.name, '、' order by person.code)
    from assignment join person on person.id = assignment.person_id
    where assignment.zone = beside_zone.code and assignment.valid_from <= :on and :on < assignment.valid_to
) as holders
from claim as beside
join duty_zone as beside_zone on beside_zone.id = beside.id
where beside.duty_id = :duty and beside.valid_from <= :on and :on < beside.valid_to and beside.id <> :claim
    and beside.source_id in (
        select other.source_id
        from cover
        join target on target.id = cover.target_id
        join target as near on near.kind = target.kind and near.geom_3857 && ST_Expand(target.geom_3857, :reach)
            and near.valid_from <= :on and :on < near.valid_to
            and ST_DWithin(near.geom_3857, target.geom_3857, :reach)
        join cover as other on other.target_id = near.id
        where cover.source_id = :source
    )
order by beside_zone.code
limit :most
"""

REACH = 8
"""Units of Web Mercator: zones whose streets come this near lie beside each other."""

MOST_NEIGHBOURS = 12


@dataclass(frozen=True, slots=True)
class Lane:
    """What a zone holds of one lane or drain, or one tank."""

    name: str | None
    amount: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A zone beside another, and the names of those who hold it."""

    code: str
    name: str | None
    holders: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneToHandOver:
    """A zone that somebody holds, with what its next holder must know."""

    code: str
    name: str | None
    duty: DutyRecord
    shift: str
    stands_in_for: str | None
    amount: float
    minutes: float | None
    lanes: Sequence[Lane]
    residents: int | None
    tanks: int | None
    households: int | None
    neighbours: Sequence[Neighbour]


def zones_to_hand_over(connection: Connection, person_id: int, on: date) -> list[ZoneToHandOver]:
    """Return the zones that somebody holds on a day, or would hold if nobody stood in."""
    duties = {duty.id: duty for duty in all_duties(connection)}
    rows = connection.execute(text(ZONES), {"person": person_id, "on": on}).all()
    lists = lists_of(connection, [row.id for row in rows])
    found = []
    for row in rows:
        duty = duties[row.duty_id]
        asked = {"source": row.source_id, "on": on, "duty": row.duty_id, "claim": row.id}
        lanes = [
            Lane(lane.name, float(duty.amount(lane.mm if duty.unit == "m" else lane.targets)))
            for lane in connection.execute(text(LANES), asked)
        ]
        load = load_of(connection, duty, on, lists.get(row.id, []))
        near = connection.execute(text(NEIGHBOURS), asked | {"reach": REACH, "most": MOST_NEIGHBOURS})
        found.append(
            ZoneToHandOver(
                code=row.code,
                name=row.name,
                duty=duty,
                shift=row.shift,
                stands_in_for=row.stands_in_for,
                amount=round(sum(lane.amount for lane in lanes), 3),
                minutes=load.minutes,
                lanes=lanes,
                residents=None if load.residents is None else round(load.residents),
                tanks=load.tanks,
                households=connection.scalar(text(HOUSEHOLDS), asked),
                neighbours=[Neighbour(one.code, one.name, one.holders) for one in near],
            )
        )
    return found
