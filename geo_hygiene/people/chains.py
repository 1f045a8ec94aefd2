"""Who answers for each area at every level on a day, and where nobody does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import all_duties
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.permissions import Areas

AREA_IDS = AREAS_WITHIN.replace(":within", ":area")


class By(StrEnum):
    """Which areas are listed."""

    COMMUNITY = "community"
    GROUP = "group"


POST = """
(
    select json_build_object('code', person.code, 'name', person.name, 'area', held.code)
    from post
    join person on person.id = post.person_id
    join area as held on held.id = post.area_id
    where post.area_id in ({areas}) and post.kind = '{kind}' and post.valid_from <= :on and :on < post.valid_to
    order by (post.area_id = area_tree.community_id) desc, post.valid_from desc, person.code
    limit 1
)
"""
"""As the chain of a street is told: the nearest area goes first, and of two the newer."""

LEADER = POST.format(areas="area_tree.community_id, area_tree.office_id", kind="leader")
CADRE = POST.format(areas="area_tree.community_id", kind="cadre")
GROUP_CADRE = POST.format(areas="area.id", kind="cadre")

KEPT_AT = {By.COMMUNITY: "community", By.GROUP: "own"}
"""Level at which the sums of such areas are kept."""

SUMS = """
select ledger.area_id, ledger.duty_id, sum(ledger.vacant_mm)::bigint as vacant,
    sum(ledger.total_mm - ledger.covered_mm)::bigint as gap
from ledger
where ledger.level = :kept and ledger.day <= :on and ledger.area_id is not null
group by ledger.area_id, ledger.duty_id
having sum(ledger.vacant_mm) > 0 or sum(ledger.total_mm - ledger.covered_mm) > 0
"""

CHAINS = f"""
with chain as materialized (
    select
        area.id, area.code, area.name, area.level, community.code as community, community.name as community_name,
        office.code as office, office.name as office_name,
        {LEADER} as leader, {CADRE} as cadre,
        case when area.level = 'group' then {GROUP_CADRE} end as group_cadre,
        case when area.level = 'community' then (
            select count(*) from area as part
            where part.parent_id = area.id and part.level = 'group'
                and part.valid_from <= :on and :on < part.valid_to
                and not exists (
                    select from post
                    where post.area_id = part.id and post.kind = 'cadre'
                        and post.valid_from <= :on and :on < post.valid_to
                )
        ) else 0 end as groups_without
    from area
    join area_tree on area_tree.id = area.id
    left join area as community on community.id = area_tree.community_id
    left join area as office on office.id = area_tree.office_id
    where area.level = :level and area.valid_from <= :on and :on < area.valid_to
        and (cast(:within as text[]) is null or area.id in ({AREAS_WITHIN}))
        and (cast(:area as text[]) is null or area.id in ({AREA_IDS}))
),
sums as materialized ({SUMS}),
judged as (
    select
        chain.*,
        leader is null or cadre is null or groups_without > 0 or (level = 'group' and group_cadre is null)
            or exists (select from sums where sums.area_id = chain.id and sums.vacant > 0) as is_broken
    from chain
)
select *, count(*) over () as total
from judged
where not :broken or is_broken
order by office nulls last, community nulls last, code
limit :limit offset :offset
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Chains:
    """A page of areas with who answers for them, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int


def chains(
    connection: Connection,
    on: date,
    *,
    by: By,
    within: Areas,
    area: str | None = None,
    broken: bool = False,
    number: int = 1,
    limit: int = 50,
) -> Chains:
    """Return who answers for areas on a day, at every level: leader, cadres, and what is vacant or nobody's by duty.

    Parameters
    ----------
    area
        Only areas in this one.
    broken
        Only areas where a level has nobody, or a zone.
    """
    asked = {
        "on": on,
        "level": by.value,
        "kept": KEPT_AT[by],
        "area": None if area is None else [area],
        "broken": broken,
        "limit": limit,
        "offset": (number - 1) * limit,
        **bound(within),
    }
    rows = connection.execute(text(CHAINS), asked).all()
    figures = _figures(connection, asked | {"ids": [row.id for row in rows]})
    told = [{**row._mapping, "duties": figures[row.id]} for row in rows]
    for chain in told:
        del chain["id"], chain["total"]
    return Chains(told, rows[0].total if rows else 0)


def _figures(connection: Connection, asked: dict[str, Any]) -> dict[int, list[dict[str, Any]]]:
    """Return what is vacant and what is nobody's of areas, by duty, in its unit."""
    duties = {duty.id: duty for duty in all_duties(connection)}
    statement = f"select * from ({SUMS}) as sums where area_id = any(:ids) order by duty_id"  # noqa: S608 - constants
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(text(statement), asked):
        duty = duties[row.duty_id]
        amounts = {"vacant": duty.amount(row.vacant), "gap": duty.amount(row.gap)}
        found[row.area_id].append({"duty": duty.code, "unit": duty.unit, **amounts})
    return found
