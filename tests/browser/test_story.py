"""A planner's first day: from the sign-in to a plan that is published, while somebody else edits the same draft."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.duties import today
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.browser.conftest import Open, Opened, settle, until
from tests.browser.serving import serve
from tests.browser.test_zones import PASSWORD, begin, find, listed, publish, rows, spot
from tests.conftest import TestDatabase

DRAFT = "明年方案"

BESIDE = """
with held as (
    select duty_zone.code, duty_zone.geom, cover.target_id
    from duty_zone
    join claim using (id)
    join cover using (source_id)
    where claim.duty_id = 1 and claim.valid_from <= :day and :day < claim.valid_to
),
alone as (
    select ST_Force2D(target.geom) as geom
    from held join target on target.id = held.target_id
    where held.code = :zone
        and not exists (select from held as other where other.target_id = target.id and other.code <> :zone)
),
ground as (select ST_Collect(geom) as geom from alone),
corner as (
    select mine.code, ring, one.path[1] - 1 as at, one.geom as place
    from (select distinct code, geom from held where code <> :zone and ST_NumGeometries(geom) = 1) as mine
    join ground on ST_DWithin(mine.geom, ground.geom, 0.0006)
    cross join lateral ST_ExteriorRing(ST_GeometryN(mine.geom, 1)) as ring
    cross join lateral ST_DumpPoints(ring) as one
    where exists (
        select from assignment
        where assignment.zone = mine.code and assignment.valid_from <= :day and :day < assignment.valid_to
    )
),
move as (
    select corner.*, goal, ST_MakePolygon(ring) as before, ST_SetPoint(ring, at, goal) as after
    from corner cross join alone
    cross join lateral ST_LineInterpolatePoint(alone.geom, 0.5) as middle
    cross join lateral ST_Translate(
        middle, 0.5 * (ST_X(middle) - ST_X(place)), 0.5 * (ST_Y(middle) - ST_Y(place))
    ) as goal
    where at between 1 and ST_NPoints(ring) - 2
        and ST_Distance(place, ST_PointN(ring, at)) > 0.0003 and ST_Distance(place, ST_PointN(ring, at + 2)) > 0.0003
)
select code, ST_X(place) as lon, ST_Y(place) as lat, ST_X(goal) as to_lon, ST_Y(goal) as to_lat
from move, ground
where ST_IsSimple(after)
    and ST_Length(ST_Intersection(ground.geom, ST_Difference(ST_MakePolygon(after), before))) > 0.0006
order by ST_Distance(place, goal), code, at
limit 1
"""
"""A zone beside another one, and how one of its corners is moved to take in some of what only the other one holds."""


@dataclass(frozen=True)
class Town:
    """The sample town, served, and the Monday from which the plan is to be another."""

    server: str
    database: TestDatabase
    monday: date

    @property
    def sunday(self) -> date:
        """Return the last day of the plan as it is."""
        return self.monday - timedelta(days=1)

    def one(self, statement: str, **words: object) -> Any:
        """Return the first row of an answer of the database."""
        reader = engine(self.database.service_url)
        with reader.connect() as connection:
            row = connection.execute(text(statement), words).first()
        reader.dispose()
        return row


def served(database: TestDatabase, home: Path) -> Iterator[Town]:
    """Yield the town with two planners."""
    writer = engine(database.service_url)
    with writer.begin() as connection:
        for name in ("planner", "second"):
            email, grants = f"{name}@office.example", [Grant(Role.PLANNER, None)]
            store.add(connection, actor="test", email=email, name=name, grants=grants, password=PASSWORD)
        day: date = today(connection)
    writer.dispose()
    for server in serve(database, home):
        yield Town(server, database, day + timedelta(days=7 - day.weekday()))


@pytest.fixture(scope="module")
def town(
    new_database: Callable[..., TestDatabase], sample_template: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    yield from served(new_database(sample_template.name), tmp_path_factory.mktemp("story"))


def sign_in(opened: Opened, who: str) -> Page:
    page = opened.go("/sign-in")
    page.fill("#email", f"{who}@office.example")
    page.fill("#password", PASSWORD)
    page.click(".form .button")
    expect(page.locator(".who")).to_contain_text(who)
    return page


def look_at_the_work(page: Page) -> tuple[str, str]:
    """See that one cleaner has three times another's work; return the zone of the one, and the code of the other."""
    page.click(".menu summary")
    page.click(".menu [data-page=people]")
    page.click(".parts [href^='/workload']")
    times = page.locator("#figures [data-figure=max_over_min] td").inner_text()
    assert float(times) >= 3
    told = listed(page, "/api/v1/workload?duty=sweeping&limit=500")["rows"]
    most, least = told[0], told[-1]
    assert most["minutes"] >= 3 * least["minutes"]
    expect(page.locator("#burdens tbody tr").first).to_have_attribute("data-code", most["code"])
    return most["zones"][0], least["code"]


def begin_a_draft(page: Page, town: Town) -> None:
    page.click("main [href^='/zones']")
    page.locator("html[data-ready=true]").wait_for(state="attached")
    settle(page)
    begin(page, DRAFT, town.monday.isoformat())


def drag_a_border(page: Page, heavy: str, beside: Any) -> None:
    """Draw the border of a neighbour into the zone that has too much, and take from that what the two share."""
    find(page, beside.code)
    held, shared = rows(page), page.locator(f"#shared [data-zone={heavy}]")
    before = shared.inner_text() if shared.count() else ""
    page.click("[data-tool=reshape]")
    expect(page.locator(".marker-icon").first).to_be_visible()
    x, y = spot(page, beside.lon, beside.lat)
    to_x, to_y = spot(page, beside.to_lon, beside.to_lat)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=4)
    page.mouse.move(to_x, to_y, steps=4)
    until(page, "() => Number(document.querySelector('#makes [data-makes=overlap]')?.dataset.value ?? 0) > 10")
    page.mouse.up()
    until(page, "held => document.querySelectorAll('#stretches li').length > held", held)
    expect(shared).not_to_have_text(before, use_inner_text=True)
    page.keyboard.press("Escape")
    shared.locator("[data-act=shared_take]").click()
    expect(shared).to_have_count(0)
    expect(page.locator(f"#changed [data-zone={heavy}]")).to_be_visible()


def split_and_give(page: Page, heavy: str, least: str) -> str:
    """Cut the zone across its middle, and give the new part to who has least; return the code of the part."""
    find(page, heavy)
    held = rows(page)
    box = listed(page, f"/api/v1/search?q={heavy}")["results"][0]["bbox"]
    west, south, east, north = box
    middle, far = ((west + east) / 2, (south + north) / 2), 0.0004
    line = (
        ((middle[0], south - far), (middle[0], north + far))
        if east - west > north - south
        else ((west - far, middle[1]), (east + far, middle[1]))
    )
    page.click("[data-tool=split]")
    page.mouse.click(*spot(page, *line[0]))
    page.mouse.dblclick(*spot(page, *line[1]))
    part = f"{heavy}-1"
    page.locator(f"#changed [data-zone='{part}']").click()
    expect(page.locator("#panel-title")).to_contain_text(part)
    expect(page.locator("#stretches li").first).to_be_visible()
    assert rows(page) < held
    page.fill("#holder", least)
    page.locator("#holder").press("Tab")
    expect(page.locator("#makes [data-makes=vacant]")).to_have_count(0)
    expect(page.locator(".field:has(#holder) + .fine"), "who it is, by name").to_be_visible()
    expect(page.locator("#notice"), "somebody holds it now").to_be_hidden()
    return part


def give_a_stretch(page: Page, heavy: str, to: str) -> None:
    """Give a lane of the zone, from one junction to another, to somebody else."""
    find(page, heavy)
    held = rows(page)
    segment = page.locator("#stretches li").first.get_attribute("data-segment")
    lane = listed(page, f"/api/v1/targets/street-segments/{segment}/cover")["lane"]
    page.locator(".lanes summary").press("Enter")
    page.fill("#lane", lane)
    page.locator("#lane").press("Tab")
    expect(page.locator("#lane-to option")).not_to_have_count(0)
    page.click(".lanes [data-act=give_to]")
    page.fill("#code", to)
    page.click("[data-answer=yes]")
    until(page, "held => document.querySelectorAll('#stretches li').length < held", held)
    page.click("#save")
    expect(page.locator("#draft-told")).not_to_have_class("draft-told unsaved")


def take_out_first(page: Page, zone: str, place: int) -> str:
    """Take a stretch out of a zone; return which it was."""
    find(page, zone)
    held = rows(page)
    row = page.locator("#stretches li").nth(place)
    segment = row.get_attribute("data-segment")
    row.locator("input").check()
    page.click(".chosen-bar [data-act=take_out]")
    expect(page.locator("#stretches li")).to_have_count(held - 1)
    assert segment is not None
    return segment


def meet_somebody(page: Page, other: Opened, zone: str) -> None:
    """Let two change one zone of the draft: who comes second sees both versions, and nothing is lost before."""
    second = sign_in(other, "second")
    other.go(f"/zones?duty=sweeping&draft={DRAFT}")
    expect(second.locator("#draft")).to_have_value(DRAFT)
    theirs, mine = take_out_first(second, zone, 0), take_out_first(page, zone, 1)
    second.click("#save")
    expect(second.locator("#draft-told")).not_to_have_class("draft-told unsaved")
    page.click("#save")
    expect(page.locator("#conflict .version")).to_have_count(2)
    stored = {one["code"]: one for one in listed(page, f"/api/v1/drafts/{DRAFT}")["zones"]}[zone]["segments"]
    assert theirs not in {one["segment"] for one in stored}
    assert mine in {one["segment"] for one in stored}, "nothing of the other is overwritten"


def choose_mine(page: Page, zone: str) -> None:
    page.click("[data-choice=mine]")
    expect(page.locator("#draft-told")).not_to_have_class("draft-told unsaved")
    find(page, zone)
    page.click("#left [data-act=left_back]")
    expect(page.locator("#left")).to_have_count(0)
    page.click("#save")
    expect(page.locator("#draft-told")).not_to_have_class("draft-told unsaved")


def compare_the_two(page: Page, least: str) -> None:
    """See who gains and who loses, in metres and minutes."""
    page.click("#compare")
    expect(page.locator(f"#asked [data-code={least}] .gains small")).to_be_visible()
    told = listed(
        page, f"/api/v1/plans/compare?duty=sweeping&on={page.locator('#legend-day').inner_text()}&with_draft={DRAFT}"
    )
    assert told["moved_min"] > 0


def see_both_days(page: Page, town: Town, opened: Opened, part: str, least: str) -> None:
    """See on the map who looks after a lane of the new zone on its first day, and that it is not so the day before."""
    segment = listed(page, f"/api/v1/zones/{part}?on={town.monday}")["properties"]["segments"][0]["segment"]
    opened.go(f"/map?duty=sweeping&on={town.sunday}&select={segment}")
    expect(page.locator("#panel")).to_contain_text("SW")
    expect(page.locator("#panel")).not_to_contain_text(part)
    expect(page.locator("#panel")).not_to_contain_text(f"({least})")
    opened.go(f"/map?duty=sweeping&on={town.monday}&select={segment}")
    expect(page.locator("#panel")).to_contain_text(part)
    expect(page.locator("#panel")).to_contain_text(f"({least})")
    opened.leave()


def test_a_planner_publishes_a_better_plan_while_somebody_else_edits(open_page: Open, town: Town) -> None:
    opened, other = open_page(town.server), open_page(town.server)
    page = sign_in(opened, "planner")
    heavy, least = look_at_the_work(page)
    begin_a_draft(page, town)
    beside = town.one(BESIDE, zone=heavy, day=town.monday)
    drag_a_border(page, heavy, beside)
    part = split_and_give(page, heavy, least)
    give_a_stretch(page, heavy, beside.code)
    meet_somebody(page, other, beside.code)
    choose_mine(page, beside.code)
    compare_the_two(page, least)
    page.click("[data-answer=no]")
    publish(page, town.monday.isoformat())
    see_both_days(page, town, opened, part, least)
    refused = [told for told in opened.faults.refused if not told.startswith("412 ")]
    opened.faults.errors = [told for told in opened.faults.errors if "412" not in told]
    opened.faults.refused = refused
