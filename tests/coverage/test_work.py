"""Work on a street stays work on what the street was cut into, and counts once."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.cover import campaign_cover
from geo_hygiene.campaigns.writing import NewTreatment, add_treatments, campaigns_changed, remove_treatments
from geo_hygiene.coverage.targets import targets_changed
from geo_hygiene.coverage.work import work_in_period
from geo_hygiene.coverage.writing import NewWork, Stretch
from tests.coverage.test_rebuild import split_street
from tests.coverage.towns import START, Town, add_target, grid_town

LATER = START + timedelta(days=1000)
CAMPAIGN = """
insert into campaign (code, title, pest, valid_from, valid_to, scope)
values ('X', 'X', 'fly', '2024-01-01', '2025-01-01', '{street-segments}') returning id
"""
RESULTS = ("done", "done", "refused", "locked")


def random_work(dice: random.Random, town: Town, count: int) -> list[NewWork]:
    """Return work before the year in which streets are cut."""
    day = START - timedelta(days=30)
    return [
        NewWork(
            kind="treatments",
            day=day,
            done_at=datetime.combine(day, time(4), UTC),
            result=dice.choice(RESULTS),
            stretches=[town.stretch(dice, dice.choice(sorted(town.extents)))],
        )
        for _ in range(count)
    ]


def write(connection: Connection, campaign_id: int, works: list[NewWork]) -> list[int]:
    campaigns_changed(connection, ["X"])
    treatments = [
        NewTreatment(work=work, campaign_id=campaign_id, source_key=f"T{number}") for number, work in enumerate(works)
    ]
    return add_treatments(connection, treatments)


def figures(connection: Connection, on: date) -> list[float]:
    (kind,) = campaign_cover(connection, campaign_of(connection, "X"), on).as_json()["kinds"]
    return [kind["on_ground"], kind["found"], kind["treated"], *kind["not_treated"].values()]


@pytest.mark.parametrize("seed", range(4))
def test_a_metre_treated_stays_treated_whenever_streets_are_cut(connection: Connection, seed: int) -> None:
    dice = random.Random(seed)
    town = grid_town(connection, 3)
    campaign_id = connection.execute(text(CAMPAIGN)).scalar_one()
    works = random_work(dice, town, 12)
    claim_ids = write(connection, campaign_id, works)
    before, year = figures(connection, START), (date(2024, 1, 1), date(2025, 1, 1))
    done = work_in_period(connection, "treatments", *year)
    for _ in range(25):
        split_street(connection, dice, town)
    assert figures(connection, LATER) == pytest.approx(before, abs=0.05)
    assert figures(connection, START) == before
    assert work_in_period(connection, "treatments", *year) == done
    handed_on = figures(connection, LATER)
    remove_treatments(connection, claim_ids)
    assert figures(connection, LATER)[1:] == [0] * 6
    write(connection, campaign_id, works)
    assert figures(connection, LATER) == pytest.approx(handed_on, abs=0.005)
    assert figures(connection, START) == before


def test_work_on_a_street_that_a_correction_replaces_goes_to_its_halves(connection: Connection) -> None:
    town = grid_town(connection, 1)
    campaign_id = connection.execute(text(CAMPAIGN)).scalar_one()
    target_id, extent = next(iter(town.extents.items()))
    town.extents = {target_id: extent}
    work = NewWork(
        kind="treatments",
        day=START,
        done_at=datetime.combine(START, time(4), UTC),
        result="done",
        stretches=[Stretch(target_id, 10_000, extent - 10_000)],
    )
    write(connection, campaign_id, [work])
    before = figures(connection, START)
    points = [
        tuple(row)
        for row in connection.execute(
            text("select ST_X(geom), ST_Y(geom) from (select (ST_DumpPoints(geom)).* from target where id = :id) as p"),
            {"id": target_id},
        )
    ]
    halves = [add_target(connection, points[at : at + 2])[0] for at in (0, 1)]
    for half in halves:
        connection.execute(
            text("insert into target_parent values (:child, :parent)"), {"child": half, "parent": target_id}
        )
    targets_changed(connection, begun=halves, removed=[target_id])
    assert figures(connection, START) == pytest.approx(before, abs=0.01)
    assert work_in_period(connection, "treatments", START, LATER)["street-segments"][0] == pytest.approx(
        extent - 20_000, abs=5
    )


def test_what_lies_too_far_from_where_work_was_done_is_not_treated_but_listed(connection: Connection) -> None:
    town = grid_town(connection, 1)
    campaign_id = connection.execute(text(CAMPAIGN)).scalar_one()
    target_id, extent = next(iter(town.extents.items()))
    (work,) = random_work(random.Random(1), Town({target_id: extent}), 1)
    connection.execute(text("update target set valid_to = :day where id = :id"), {"day": START, "id": target_id})
    away, _ = add_target(connection, [(105.2, 31.2), (105.201, 31.2)], valid_from=START)
    connection.execute(text("insert into target_parent values (:child, :parent)"), {"child": away, "parent": target_id})
    targets_changed(connection, begun=[away], ended=[target_id])
    write(connection, campaign_id, [work])
    assert figures(connection, START)[1] == 0
    listed = connection.execute(text("select target_id, from_mm, to_mm from unprojected_stretch")).one()
    assert tuple(listed) == (target_id, work.stretches[0].from_mm, work.stretches[0].to_mm)
