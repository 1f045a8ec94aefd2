"""The duties of an office, what each must cover, and the views that say it."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UPGRADE = """
create function multirange_length(ranges int4multirange) returns int
    language sql immutable strict parallel safe
    return (select coalesce(sum(upper(piece) - lower(piece)), 0)::int from unnest(ranges) as piece);

create view area_tree as
select
    area.id,
    case when area.level = 'group' then area.id end as group_id,
    case 'community' when area.level then area.id when parent.level then parent.id end as community_id,
    case 'office' when area.level then area.id when parent.level then parent.id when top.level then top.id end
        as office_id,
    coalesce(area.zone_class, parent.zone_class, top.zone_class) as zone_class
from area
left join area as parent on parent.id = area.parent_id
left join area as top on top.id = parent.parent_id;

create view duty_target as
select
    duty.id as duty_id,
    target.id as target_id,
    target.area_id,
    target.extent_mm,
    greatest(target.valid_from, scope.valid_from) as valid_from,
    least(target.valid_to, scope.valid_to) as valid_to
from duty
join scope on scope.duty_id = duty.id
join target
    on target.kind = duty.target_kind
    and target.valid_from < scope.valid_to and scope.valid_from < target.valid_to
left join area_tree on area_tree.id = target.area_id
where (scope.zone_classes is null or area_tree.zone_class = any(scope.zone_classes))
    and (scope.categories is null or target.category = any(scope.categories))
    and (
        scope.area_ids is null
        or scope.area_ids && array[area_tree.group_id, area_tree.community_id, area_tree.office_id]
    );

grant select on area_tree, duty_target to geo_hygiene_service;

insert into duty (id, code, target_kind) values
    (1, 'sweeping', 'street-segments'),
    (2, 'supervision', 'street-segments'),
    (3, 'drains', 'drain-segments'),
    (4, 'tanks', 'septic-tanks');

insert into scope (duty_id, zone_classes) values (1, null), (2, '{core}'), (3, null), (4, null);
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("drop view duty_target, area_tree; drop function multirange_length(int4multirange)")
    op.execute("delete from scope; delete from duty")
