"""What a campaign found and treated, against shapely on random streets and random ground."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.cover import Level, campaign_cover
from geo_hygiene.campaigns.days import campaign_days
from geo_hygiene.campaigns.gaps import mop_up
from geo_hygiene.campaigns.writing import NewTreatment, add_treatments, campaigns_changed
from geo_hygiene.coverage.writing import NewWork
from tests.coverage.towns import GEOD, SOUTH, STEP, WEST, grid_town

RESULTS = ("done", "done", "done", "refused", "locked")
FIGURES = ("on_ground", "found", "done", "refused", "locked", "old", "old-done")
LIMIT = 7
"""Days after which what was seen is too long ago."""

CAMPAIGN = """
insert into campaign (code, title, pest, valid_from, valid_to, scope, limit_days)
values ('X', 'X', 'fly', '2025-03-01', '2025-04-01', '{street-segments,facilities}', 7) returning id
"""
STREETS = """
select ST_AsBinary(ST_Force2D(target.geom)) as line, area.code
from target left join area_tree on area_tree.id = target.area_id left join area on area.id = area_tree.group_id
"""


def random_ground(dice: random.Random) -> shapely.Geometry:
    centre = shapely.Point(WEST + dice.uniform(0, 5) * STEP, SOUTH + dice.uniform(0, 5) * STEP)
    return shapely.MultiPolygon([centre.buffer(dice.uniform(0.1, 1.2) * STEP, quad_segs=dice.randint(1, 8))])


@dataclass(frozen=True)
class Visit:
    """Ground that a team came to on a day of March."""

    ground: shapely.Geometry
    result: str
    day: int


def write(connection: Connection, visits: list[Visit]) -> None:
    campaign_id = connection.execute(text(CAMPAIGN)).scalar_one()
    campaigns_changed(connection, ["X"])
    works = [
        NewWork(
            kind="treatments",
            day=date(2025, 3, visit.day),
            done_at=datetime(2025, 3, visit.day, 4, tzinfo=UTC),
            result=visit.result,
            shape=shapely.to_wkb(visit.ground),
        )
        for visit in visits
    ]
    treatments = [
        NewTreatment(work=work, campaign_id=campaign_id, source_key=f"T{number}") for number, work in enumerate(works)
    ]
    add_treatments(connection, treatments)


def spoken_for(visits: list[Visit], on: int) -> dict[str, shapely.Geometry]:
    """Return the ground by what is told of it: treatments first, the newest first, each where none spoke before."""
    told: dict[str, list[shapely.Geometry]] = defaultdict(list)
    taken: shapely.Geometry = shapely.MultiPolygon()
    past = [visit for visit in visits if visit.day <= on]
    for visit in sorted(past, key=lambda visit: (visit.result != "done", -visit.day, visit.result)):
        new = shapely.difference(visit.ground, taken)
        taken = shapely.union(taken, visit.ground)
        told[visit.result].append(new)
        if on - visit.day > LIMIT:
            told["old"].append(new)
            told["old-done"] += [new] if visit.result == "done" else []
    told["found"] = [taken]
    return {name: shapely.union_all(parts) for name, parts in told.items()}


def figures_of(kind: dict[str, Any]) -> dict[str, float]:
    return {
        "on_ground": kind["on_ground"],
        "found": kind["found"],
        "done": kind["treated"],
        "refused": kind["not_treated"]["refused"],
        "locked": kind["not_treated"]["locked"],
        "old": kind["states"]["old"],
        "old-done": kind["age_days"]["treated_over_limit"],
    }


@pytest.mark.parametrize("seed", range(6))
def test_sums_equal_shapely_for_every_area(connection: Connection, seed: int) -> None:
    dice = random.Random(seed)
    grid_town(connection)
    count = dice.randint(10, 16) if seed else 0
    visits = [Visit(random_ground(dice), dice.choice(RESULTS), dice.randint(1, 31)) for _ in range(count)]
    write(connection, visits)
    on = dice.randint(15, 31)
    campaign, day = campaign_of(connection, "X"), date(2025, 3, on)
    told = campaign_cover(connection, campaign, day, Level.GROUP).as_json()
    ground = spoken_for(visits, on)
    sums: dict[str | None, dict[str, float]] = defaultdict(lambda: dict.fromkeys(FIGURES, 0.0))
    for row in connection.execute(text(STREETS)):
        line = shapely.from_wkb(bytes(row.line))
        sums[row.code]["on_ground"] += GEOD.geometry_length(line)
        for name, place in ground.items():
            sums[row.code][name] += GEOD.geometry_length(shapely.intersection(line, place))
    streets = {area["code"]: area["kinds"][0] for area in told["by"]}
    for code, expected in sums.items():
        figures = figures_of(streets[code])
        assert figures == pytest.approx(expected, abs=0.05), code
        whole, seen, done = (figures[name] for name in ("on_ground", "found", "done"))
        assert whole >= seen >= done >= 0
        ratios = [streets[code][name] for name in ("found_coverage", "effectiveness", "treatment_coverage")]
        assert ratios == [
            pytest.approx(seen / whole, abs=1e-6),
            pytest.approx(done / whole, abs=1e-6),
            pytest.approx(done / seen, abs=1e-6) if seen else None,
        ]
    street, nothing = told["kinds"]
    assert [nothing[name] for name in ("on_ground", "found_coverage", "effectiveness")] == [0, None, None]
    days = [each["kinds"][0] for each in campaign_days(connection, campaign, day)]
    for name in ("found", "treated"):
        assert sum(each[name] for each in days) == pytest.approx(street[name], abs=0.05)
    left = sum(row["length_m"] for row in mop_up(connection, campaign, day))
    assert left == pytest.approx(street["on_ground"] - street["states"]["treated"], rel=0.01)
