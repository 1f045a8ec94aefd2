"""Targets lie in the deepest area that holds most of them, as PostGIS tells it too."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.areas import areas_of

WEST, SOUTH, STEP = 105.08, 31.09, 0.002

AS_POSTGIS_TELLS = """
select (
    select area.id
    from area
    where area.valid_to = 'infinity' and ST_Intersects(area.geom, it.geom)
    order by
        array_position(array['group', 'community', 'office'], level),
        ST_Covers(area.geom, it.geom) desc,
        case when not ST_Covers(area.geom, it.geom) then
            ST_Length(ST_CollectionExtract(ST_Intersection(it.geom, area.geom), 2)::geography)
        end desc nulls last,
        code
    limit 1
)
from unnest(cast(:shapes as text[])) with ordinality as said (wkt, place)
cross join lateral (select ST_GeomFromText(said.wkt, 4326) as geom) as it
order by place
"""


def add_area(connection: Connection, code: str, level: str, shape: shapely.Polygon) -> None:
    connection.execute(
        text(
            "insert into area (code, name, level, geom)"
            " values (:code, :code, :level, ST_Multi(ST_GeomFromText(:shape, 4326)))"
        ),
        {"code": code, "level": level, "shape": shape.wkt},
    )


def box(dice: random.Random, size: int) -> shapely.Polygon:
    west, south = WEST + dice.randrange(12) * STEP, SOUTH + dice.randrange(12) * STEP
    return shapely.box(west, south, west + size * STEP, south + size * STEP)


@pytest.mark.parametrize("seed", range(3))
def test_every_shape_lies_where_postgis_says(connection: Connection, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(24):
        level, size = dice.choice((("group", 2), ("group", 3), ("community", 5), ("office", 8)))
        add_area(connection, f"A{number:02d}", level, box(dice, size))

    def place() -> tuple[float, float]:
        # on the lines between areas, and between them
        return WEST + dice.randrange(80) * STEP / 4, SOUTH + dice.randrange(80) * STEP / 4

    shapes = [shapely.LineString([place() for _ in range(dice.randint(2, 4))]) for _ in range(150)]
    shapes += [shapely.Point(place()) for _ in range(50)]
    told = connection.scalars(text(AS_POSTGIS_TELLS), {"shapes": [shape.wkt for shape in shapes]}).all()

    assert areas_of(connection, np.array(shapes, dtype=object)) == told
    assert len(set(told)) > 10
    assert None in told


def test_without_areas_nothing_lies_in_one(connection: Connection) -> None:
    assert areas_of(connection, np.array([shapely.Point(WEST, SOUTH)], dtype=object)) == [None]
