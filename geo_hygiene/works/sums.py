"""What work comes to in a period: how often it was done, on which lanes, how much was taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from geo_hygiene.works.listing import STATEMENT, WorkFilter

SUMS = f"""
{STATEMENT},
done as materialized (select chosen.source_id, work.* from chosen join work using (id))
select
    count(*) as works, sum(pieces) as pieces, sum(area_m2) as area_m2, sum(volume_m3) as volume_m3,
    (
        select count(distinct coalesce(done.lane, lane.code))
        from done
        left join claim_stretch using (source_id)
        left join street_segment on street_segment.id = claim_stretch.target_id
        left join lane on lane.id = street_segment.lane_id
    ) as lanes,
    (select nullif(count(distinct digest), 0) from advert_number where work_id in (select id from done)) as numbers
from done
"""  # noqa: S608 - constants

DISORDERS = f"""
{STATEMENT}
select coalesce(work.disorder, '') as disorder, sum(coalesce(work.pieces, 1)) as removed
from chosen join work using (id)
where work.work_kind = 'disorder'
group by 1
order by 1
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class WorkSums:
    """What some work comes to; ``None`` where not one of the records says it, which is not zero.

    Attributes
    ----------
    lanes
        Distinct lanes and drains that have a code.
    numbers
        Distinct telephone numbers on adverts.
    disorders
        By kind of disorder how many were removed; a record that does not say it counts once. Under an empty word those
        whose kind nobody said.
    """

    works: int
    lanes: int
    pieces: int | None
    area_m2: float | None
    volume_m3: float | None
    numbers: int | None
    disorders: Mapping[str, int]


def work_sums(connection: Connection, wanted: WorkFilter) -> WorkSums:
    """Return what the work that fits a filter comes to."""
    row = connection.execute(text(SUMS), wanted.values()).one()
    disorders = connection.execute(text(DISORDERS), wanted.values())
    return WorkSums(
        works=row.works,
        lanes=row.lanes,
        pieces=None if row.pieces is None else int(row.pieces),
        area_m2=None if row.area_m2 is None else float(row.area_m2),
        volume_m3=None if row.volume_m3 is None else float(row.volume_m3),
        numbers=row.numbers,
        disorders={one.disorder: int(one.removed) for one in disorders},
    )
