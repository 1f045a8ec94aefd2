"""Take the sample town out of a database, and nothing else."""

from __future__ import annotations

from sqlalchemy import Connection, text

from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.targets import areas_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.coverage.writing import delete_claims
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import LAYERS

RESTING = {
    N_("zones"): """
        select distinct duty_zone.code from claim join duty_zone using (id) join claim_stretch using (source_id)
        join target on target.id = claim_stretch.target_id
        where not coalesce(claim.import_id = any(:runs), false) and target.import_id = any(:runs) order by 1
    """,
    N_("assignments"): """
        select distinct person.code from assignment join person on person.id = assignment.person_id
        where not coalesce(assignment.import_id = any(:runs), false) and (
            person.import_id = any(:runs)
            or assignment.zone in (select code from duty_zone join claim using (id) where import_id = any(:runs))
        ) order by 1
    """,
    N_("posts"): """
        select distinct person.code from post join person on person.id = post.person_id join area on area.id = area_id
        where not coalesce(post.import_id = any(:runs), false)
            and (person.import_id = any(:runs) or area.import_id = any(:runs)) order by 1
    """,
    N_("areas"): """
        select area.code from area join area as parent on parent.id = area.parent_id
        where not coalesce(area.import_id = any(:runs), false) and parent.import_id = any(:runs) order by 1
    """,
    N_("segments"): """
        select target.uuid::text from target
        left join street_segment on street_segment.id = target.id left join lane on lane.id = street_segment.lane_id
        left join drain_segment on drain_segment.id = target.id left join drain on drain.id = drain_segment.drain_id
        where not coalesce(target.import_id = any(:runs), false) and (
            lane.import_id = any(:runs) or drain.import_id = any(:runs)
            or exists (
                select from target_parent join target as parent on parent.id = parent_id
                where child_id = target.id and parent.import_id = any(:runs)
            )
        ) order by 1
    """,
}
"""Codes of own records that could not stand without records of the sample."""

FORMER_LISTS = """
delete from claim_source as source
where exists (
    select from claim_stretch join target on target.id = claim_stretch.target_id
    where claim_stretch.source_id = source.id and target.import_id = any(:runs)
) and not exists (select from claim where claim.source_id = source.id)
"""
"""Lists that zones had before they were given others."""

NAMED = 10
"""Records that a refusal names of each kind."""

CLEARED = (
    "assignment",
    "post",
    "person",
    "target",
    "lane",
    "drain",
    "water_body",
    "green_space",
    "building",
)
"""Tables whose sample rows go as they are; claims went before them, and areas go last."""


class SampleInUseError(GeoHygieneError):
    """Own records rest on records of the sample town."""


def clear(connection: Connection) -> int:
    """Remove the records of the sample town and nothing else; return how many imports they came from.

    Raises
    ------
    SampleInUseError
        Naming the own records that rest on records of the sample; nothing is removed then.
    """
    runs = list(connection.scalars(text("select id from import_run where origin = 'sample' order by id")))
    if not runs:
        return 0
    _refuse_if_used(connection, runs)
    values = {"runs": runs}
    zones = list(connection.scalars(text("select distinct zone from assignment where import_id = any(:runs)"), values))
    delete_claims(connection, connection.scalars(text("select id from claim where import_id = any(:runs)"), values))
    connection.execute(text(FORMER_LISTS), values)
    for table in CLEARED:
        connection.execute(text(f"delete from {table} where import_id = any(:runs)"), values)  # noqa: S608 - a constant
    connection.execute(
        text("update target set area_id = null where area_id in (select id from area where import_id = any(:runs))"),
        values,
    )
    connection.execute(text("delete from area where import_id = any(:runs)"), values)
    connection.execute(text("delete from source_row where import_id = any(:runs)"), values)
    connection.execute(text("delete from import_run where id = any(:runs)"), values)
    areas_changed(connection)
    assignments_changed(connection, zones)
    bump(connection, LAYERS)
    return len(runs)


def _refuse_if_used(connection: Connection, runs: list[int]) -> None:
    resting = []
    for kind, query in RESTING.items():
        codes = list(connection.scalars(text(query), {"runs": runs}))
        if codes:
            more = "…" if len(codes) > NAMED else ""
            resting.append(f"{_(kind)} {', '.join(codes[:NAMED])}{more}")
    if resting:
        raise SampleInUseError(
            _(
                "The sample town can not be cleared while your own records rest on it: %(records)s. Remove them first.",
                records="; ".join(resting),
            )
        )
