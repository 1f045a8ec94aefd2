"""What a campaign found and treated, against shapely on random streets and random ground."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime

import pytest
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.cover import Level, campaign_cover
from geo_hygiene.coverage.writing import NewWork, add_work
from tests.coverage.towns import GEOD, SOUTH, STEP, WEST, grid_town

RESULTS = ("done", "done", "done", "refused", "locked")
CAMPAIGN = """
insert into campaign (code, title, pest, valid_from, valid_to, scope)
values ('X', 'X', 'fly', '2025-03-01', '2025-04-01', '{street-segments,facilities}') returning id
"""
STREETS = """
select ST_AsBinary(ST_Force2D(target.geom)) as line, area.code
from target left join area_tree on area_tree.id = target.area_id left join area on area.id = area_tree.group_id
"""


def random_ground(dice: random.Random) -> shapely.Geometry:
    centre = shapely.Point(WEST + dice.uniform(0, 5) * STEP, SOUTH + dice.uniform(0, 5) * STEP)
    return shapely.MultiPolygon([centre.buffer(dice.uniform(0.1, 1.2) * STEP, quad_segs=dice.randint(1, 8))])


@pytest.mark.parametrize("seed", range(6))
def test_sums_equal_shapely_for_every_area(connection: Connection, seed: int) -> None:
    dice = random.Random(seed)
    grid_town(connection)
    campaign_id = connection.execute(text(CAMPAIGN)).scalar_one()
    grounds = [(random_ground(dice), dice.choice(RESULTS), dice.randint(1, 31)) for _ in range(dice.randint(0, 12))]
    works = [
        NewWork(
            kind="treatments",
            day=date(2025, 3, day),
            done_at=datetime(2025, 3, day, 4, tzinfo=UTC),
            result=result,
            shape=shapely.to_wkb(ground),
        )
        for ground, result, day in grounds
    ]
    for claim_id in add_work(connection, works):
        connection.execute(
            text("insert into treatment (id, campaign_id, source_key) values (:id, :campaign, :key)"),
            {"id": claim_id, "campaign": campaign_id, "key": str(claim_id)},
        )
    on = dice.randint(1, 31)
    told = campaign_cover(connection, campaign_of(connection, "X"), date(2025, 3, on), Level.GROUP).as_json()
    treated = shapely.union_all([ground for ground, result, day in grounds if result == "done" and day <= on])
    found = shapely.union_all([ground for ground, _, day in grounds if day <= on])
    sums: dict[str | None, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in connection.execute(text(STREETS)):
        line = shapely.from_wkb(bytes(row.line))
        for at, part in enumerate((line, shapely.intersection(line, found), shapely.intersection(line, treated))):
            sums[row.code][at] += GEOD.geometry_length(part)
    streets = {area["code"]: area["kinds"][0] for area in told["by"]}
    for code, expected in sums.items():
        figures = [streets[code][name] for name in ("on_ground", "found", "treated")]
        assert figures == pytest.approx(expected, abs=0.05), code
        assert figures[0] >= figures[1] >= figures[2] >= 0
        ratios = [streets[code][name] for name in ("found_coverage", "effectiveness", "treatment_coverage")]
        whole, seen, done = figures
        assert ratios == [
            pytest.approx(seen / whole, abs=1e-6),
            pytest.approx(done / whole, abs=1e-6),
            pytest.approx(done / seen, abs=1e-6) if seen else None,
        ]
    nothing = next(kind for kind in told["kinds"] if kind["kind"] == "facilities")
    assert [nothing[name] for name in ("on_ground", "found_coverage", "effectiveness")] == [0, None, None]
