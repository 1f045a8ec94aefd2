"""One person: where he or she belongs, who is above, which posts and which zones."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.chain import posts_over
from geo_hygiene.coverage.within import PERSON_WITHIN, bound
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import Areas

PERSON = f"""
select person.id, person.uuid, person.code, person.name, person.role, person.employment, person.phone,
    person.community, person.left_on, person.version,
    (
        select name from area
        where area.code = person.community and area.level = 'community'
            and area.valid_from <= :on and :on < area.valid_to
        order by area.id limit 1
    ) as community_name
from person
where (person.code = :name or person.uuid::text = :name) and {PERSON_WITHIN}
limit 1
"""  # noqa: S608 - constants

POSTS = """
select post.kind, area.code, area.name, area.level, area_tree.group_id, area_tree.community_id, area_tree.office_id
from post
join area on area.id = post.area_id
join area_tree on area_tree.id = area.id
where post.person_id = :person and post.valid_from <= :on and :on < post.valid_to
    and area.valid_from <= :on and :on < area.valid_to
order by array_position(array['office', 'community', 'group'], area.level), area.code, post.kind
"""

ZONES_HELD = """
select
    duty_zone.code, duty_zone.name, duty.code as duty, assignment.shift, assignment.valid_from, claim.source_id,
    (select absent.code from person as absent where absent.id = assignment.stands_in_for) as stands_in_for,
    coalesce(sum(cover.to_mm - cover.from_mm) filter (where GeometryType(target.geom) <> 'POINTM'), 0) as length_mm,
    count(distinct target.id) as targets
from assignment
join duty_zone on duty_zone.code = assignment.zone
join claim on claim.id = duty_zone.id and claim.valid_from <= :on and :on < claim.valid_to
join duty on duty.id = claim.duty_id
left join cover on cover.source_id = claim.source_id
left join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
where assignment.person_id = :person and assignment.valid_from <= :on and :on < assignment.valid_to
group by duty_zone.id, claim.id, duty.id, assignment.id
order by duty.id, duty_zone.code
"""

MAIN_AREA = """
select area_tree.group_id, area_tree.community_id, area_tree.office_id
from cover
join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
join area_tree on area_tree.id = target.area_id
where cover.source_id = any(:sources)
group by area_tree.id, area_tree.group_id, area_tree.community_id, area_tree.office_id
order by sum(cover.to_mm - cover.from_mm) desc, area_tree.id
limit 1
"""
"""Where most of what somebody looks after lies."""


def posts_over_sources(connection: Connection, sources: list[int], on: date) -> list[dict[str, Any]]:
    """Return who answers for the area in which most of what these lists or shapes cover lies."""
    area = connection.execute(text(MAIN_AREA), {"sources": sources, "on": on}).one_or_none()
    return posts_over(connection, area or (), on)


def person(connection: Connection, name: str, on: date, *, within: Areas) -> dict[str, Any]:
    """Return a person, by id or code, with posts and zones of a day; of a telephone only what is stored, masked.

    Parameters
    ----------
    within
        The areas to which the asker's role is limited.

    Raises
    ------
    UnknownRecordError
        When nobody there has the id or code.
    """
    row = connection.execute(text(PERSON), {"name": name, "on": on, **bound(within)}).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no person “%(name)s”.", name=name))
    values = {"person": row.id, "on": on}
    posts = connection.execute(text(POSTS), values).all()
    held = connection.execute(text(ZONES_HELD), values).all()
    if held:
        above = posts_over_sources(connection, [zone.source_id for zone in held], on)
    else:
        first = posts[0] if posts else None
        above = posts_over(connection, (first.group_id, first.community_id, first.office_id) if first else (), on)
    return {
        "id": str(row.uuid),
        "code": row.code,
        "name": row.name,
        "role": row.role,
        "employment": row.employment,
        "left_on": None if row.left_on is None else row.left_on.isoformat(),
        "version": row.version,
        "phone": row.phone,
        "community": row.community,
        "community_name": row.community_name,
        # who leads answers for the area alone; who is asked about is not above himself
        "above": [post for post in above if post["code"] not in {None, row.code}] if held or posts else [],
        "posts": [{"role": post.kind, "code": post.code, "name": post.name, "level": post.level} for post in posts],
        "zones": [
            {
                "code": zone.code,
                "name": zone.name,
                "duty": zone.duty,
                "shift": zone.shift,
                "since": None if zone.valid_from == date.min else zone.valid_from.isoformat(),
                "length_m": zone.length_mm / 1000,
                "targets": zone.targets,
                "stands_in_for": zone.stands_in_for,
            }
            for zone in held
        ],
    }
