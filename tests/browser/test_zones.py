"""A plan is drawn in a real browser: zones are drawn, split, given away, compared, published, and never overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest
import shapely
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.browser.conftest import Open, Opened, settle, until
from tests.browser.serving import serve
from tests.conftest import TestDatabase
from tests.web.towns import FIRST_PLAN, SOUTH, STEP, WEST, web_town

PASSWORD = "lantern orchid gravel tuesday"
SUPERVISION = 2
HALF = 0.0005
LEAVES = (
    "() => { const leave = new Event('beforeunload', {cancelable: true}); dispatchEvent(leave);"
    " return leave.defaultPrevented; }"
)
HELD = "insert into assignment (person_id, zone, valid_from) select id, :zone, :day from person where code = :person"


@dataclass(frozen=True)
class Office:
    """A server with two planners, and a day to come."""

    server: str
    day: str
    cookies: dict[str, list[Any]]


def signed_in(server: str, who: str) -> list[Any]:
    """Return the cookies of somebody who has signed in."""
    jar = CookieJar()
    opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(jar))
    page = opener.open(f"{server}/sign-in").read().decode()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    form = {"csrf_token": found[1], "email": f"{who}@office.example", "password": PASSWORD}
    assert opener.open(f"{server}/sign-in", urlencode(form).encode()).status == 200
    return [{"name": cookie.name, "value": cookie.value, "url": server} for cookie in jar]


def box(row: int) -> shapely.MultiPolygon:
    south = SOUTH + row * STEP
    return shapely.MultiPolygon([shapely.box(WEST - HALF, south - HALF, WEST + 3 * STEP - HALF / 5, south + 3 * HALF)])


@pytest.fixture(scope="module")
def office(new_database: Callable[..., TestDatabase], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return a server over a town in which two supervisors have a lane each."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        rows = connection.execute(text("select id, code, extent_mm from target join street_segment using (id)"))
        known = {row.code: Stretch(row.id, 0, row.extent_mm) for row in rows}
        zones = [
            NewZone(
                code=f"G{row + 1}",
                name=f"监督{row + 1}段",
                duty_id=SUPERVISION,
                stretches=[known[f"S{row}{column}"] for column in range(3)],
                valid_from=FIRST_PLAN,
                picture=shapely.to_wkb(box(row)),
            )
            for row in range(2)
        ]
        add_zones(connection, zones)
        for person, zone in (("P1", "G1"), ("P2", "G2")):
            connection.execute(text(HELD), {"zone": zone, "day": FIRST_PLAN, "person": person})
        assignments_changed(connection, ["G1", "G2"])
        for name in ("one", "two"):
            grants = [Grant(Role.PLANNER, None)]
            store.add(
                connection, actor="test", email=f"{name}@office.example", name=name, grants=grants, password=PASSWORD
            )
        day: date = today(connection) + timedelta(days=30)
    writer.dispose()
    for server in serve(database, tmp_path_factory.mktemp("planners")):
        yield Office(server, day.isoformat(), {who: signed_in(server, who) for who in ("one", "two")})


Desk = Callable[..., Opened]


@pytest.fixture
def desk(open_page: Open, office: Office) -> Desk:
    """Return a function that opens the page of plans for somebody who is signed in."""

    def opened(path: str = "/zones?duty=supervision", *, who: str = "one", **how: Any) -> Opened:
        one = open_page(office.server, **how)
        one.page.context.add_cookies(office.cookies[who])
        one.go(path)
        return one

    return opened


def begin(page: Page, name: str, day: str) -> None:
    page.click("#draft-new")
    page.fill("#draft-name", name)
    page.fill("#draft-on", day)
    page.click("[data-answer=yes]")
    expect(page.locator("#draft")).to_have_value(name)


def find(page: Page, code: str) -> None:
    """Open a zone as one does without a pointer."""
    page.fill("#query", code)
    expect(page.locator("#found [role=option]").first).to_contain_text(code)
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_contain_text(code)
    expect(page.locator("#stretches li").first).to_be_visible()
    settle(page)
    page.wait_for_timeout(400)


def spot(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Return where a place of the map is on the screen."""
    found = page.evaluate(
        "([lon, lat]) => { const at = map.latLngToContainerPoint([lat, lon]);"
        " const box = document.getElementById('map').getBoundingClientRect();"
        " return [box.left + at.x, box.top + at.y]; }",
        [lon, lat],
    )
    return found[0], found[1]


def rows(page: Page) -> int:
    return page.locator("#stretches li").count()


def makes(page: Page, state: str) -> float:
    chip = page.locator(f"#makes [data-makes={state}]")
    return float(chip.get_attribute("data-value") or "nan") if chip.count() else 0.0


def listed(page: Page, path: str) -> Any:
    return page.evaluate("path => fetch(path).then(answer => answer.json())", path)


def held(page: Page, zone: str, day: str) -> float:
    return float(listed(page, f"/api/v1/zones/{zone}?on={day}")["properties"]["length_m"])


def drag_a_corner(page: Page) -> float:
    """Draw the north-eastern corner of the first zone beyond the second; return the overlap that it makes."""
    page.click("[data-tool=reshape]")
    expect(page.locator(".marker-icon:not(.marker-icon-middle)")).to_have_count(4)
    east, north = WEST + 3 * STEP - HALF / 5, SOUTH + 3 * HALF
    x, y = spot(page, east, north)
    _x, beyond = spot(page, east, north + STEP)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, (y + beyond) / 2, steps=5)
    page.mouse.move(x, beyond, steps=5)
    until(page, "() => Number(document.querySelector('#makes [data-makes=overlap]')?.dataset.value ?? 0) > 100")
    assert page.locator("#save").is_disabled(), "nothing is done before the corner is let go"
    page.mouse.up()
    expect(page.locator("#shared [data-zone=G2]")).to_be_visible()
    page.keyboard.press("Escape")
    return makes(page, "overlap")


def undo_and_redo(page: Page) -> None:
    dragged = makes(page, "overlap")
    page.keyboard.press("Control+z")
    expect(page.locator("#makes")).to_have_class("makes none")
    expect(page.locator("#draft-told")).not_to_have_class("draft-told unsaved")
    page.keyboard.press("Control+y")
    expect(page.locator("#makes [data-makes=overlap]")).to_be_visible()
    assert makes(page, "overlap") == pytest.approx(dragged)


def split_and_give(page: Page) -> None:
    """Split the first zone in the middle, give the new part to somebody, and a stretch of it to the second zone."""
    page.click("[data-tool=split]")
    across = WEST + 1.5 * STEP
    page.mouse.click(*spot(page, across, SOUTH - HALF / 2))
    page.mouse.dblclick(*spot(page, across, SOUTH + STEP + HALF))
    page.locator("#changed [data-zone='G1-1']").click()
    expect(page.locator("#panel-title")).to_contain_text("G1-1")
    expect(page.locator("#stretches li").first).to_be_visible()
    page.fill("#holder", "P2")
    page.locator("#holder").press("Tab")
    expect(page.locator("#makes [data-makes=vacant]")).to_have_count(0)
    count = rows(page)
    page.locator("#stretches input").first.check()
    page.click(".stretches [data-act=give_to]")
    page.fill("#code", "G2")
    page.click("[data-answer=yes]")
    expect(page.locator("#stretches li")).to_have_count(count - 1)


def publish(page: Page, day: str) -> None:
    page.click("#publish")
    page.fill("#publish-from", day)
    page.click("[data-answer=yes]")
    expect(page.locator("#asked-title")).to_contain_text(day)
    page.click("[data-answer=yes]")
    expect(page.locator("#take-back")).to_be_visible()


def test_a_plan_is_drawn_compared_published_and_taken_back(desk: Desk, chromium: Browser, office: Office) -> None:
    page, day = desk(browser=chromium).page, office.day
    begin(page, "秋季方案", day)
    find(page, "G1")
    before = held(page, "G1", day)
    expect(page.locator("#makes")).to_have_class("makes none")
    assert drag_a_corner(page) > 100
    undo_and_redo(page)
    page.locator("#shared [data-zone=G2] [data-act=shared_take]").click()
    expect(page.locator("#shared")).to_have_count(0)
    expect(page.locator("#changed [data-zone]")).to_have_count(2)
    split_and_give(page)
    assert page.evaluate(LEAVES), "who leaves with unsaved work is asked"
    page.click("#save")
    expect(page.locator("#draft-told")).to_contain_text("Everything is saved")
    assert not page.evaluate(LEAVES)
    assert held(page, "G1", day) == before, "a draft changes nothing for anybody"

    page.click("#compare")
    expect(page.locator("#asked [data-code=P1] .loses").first).to_be_visible()
    expect(page.locator("#asked [data-code=P2] .gains").first).to_be_visible()
    page.click("[data-answer=no]")
    with page.expect_navigation():
        page.click("#workload")
    expect(page.locator("#figures [data-figure=max] td")).to_have_count(2)
    expect(page.locator(".spread-chart rect.former")).not_to_have_count(0)
    page.go_back()
    publish(page, day)
    assert held(page, "G1-1", day) > 0
    assert held(page, "G1", day) < before
    page.click("#take-back")
    page.click("[data-answer=yes]")
    expect(page.locator("#save")).to_be_visible()
    assert held(page, "G1", day) == before


def test_the_second_of_two_sees_both_versions_and_chooses(desk: Desk, office: Office) -> None:
    first = desk().page
    begin(first, "两人", office.day)
    other = desk("/zones?duty=supervision&draft=两人", who="two")
    second = other.page
    expect(second.locator("#draft")).to_have_value("两人")
    for page, zone, row in ((first, "G2", 0), (first, "G1", 0), (second, "G1", 1)):
        find(page, zone)
        page.locator("#stretches input").nth(row).check()
        page.click(".chosen-bar [data-act=take_out]")
        expect(page.locator("#stretches li")).to_have_count(2)
    first.click("#save")
    expect(first.locator("#draft-told")).to_contain_text("Everything is saved")
    second.click("#save")
    expect(second.locator("#conflict .version")).to_have_count(2)
    second.click("[data-choice=mine]")
    expect(second.locator("#draft-told")).to_contain_text("Everything is saved")
    kept = {zone["code"]: zone["segments"] for zone in listed(second, "/api/v1/drafts/两人")["zones"]}
    gone = listed(second, f"/api/v1/zones/G1?on={office.day}")["properties"]["segments"]
    assert set(kept) == {"G1", "G2"}, "what only the first changed stays"
    assert {row["segment"] for row in kept["G1"]} < {row["segment"] for row in gone}
    theirs = first.locator("#stretches li").first.get_attribute("data-segment")
    assert len(kept["G1"]) == 2
    assert theirs is not None
    refused = [told for told in other.faults.refused if not told.startswith("412 ")]
    other.faults.errors = [told for told in other.faults.errors if "412" not in told]
    other.faults.refused = refused


def test_a_zone_is_changed_without_a_pointer(desk: Desk, office: Office) -> None:
    page = desk().page
    begin(page, "键盘", office.day)
    find(page, "G1")
    page.locator(".lanes summary").press("Enter")
    page.fill("#lane", "L2")
    page.locator("#lane").press("Tab")
    expect(page.locator("#lane-to option")).not_to_have_count(0)
    stops = page.locator("#lane-from option").evaluate_all("all => all.map(one => one.value)")
    assert len(stops) == 4
    page.select_option("#lane-from", stops[0])
    page.select_option("#lane-to", stops[2])
    page.locator(".lanes [data-act=add]").press("Enter")
    expect(page.locator("#stretches li")).to_have_count(5)
    page.locator("#stretches li", has_text="滨江北路").locator("input").first.press("Space")
    page.locator(".chosen-bar [data-act=take_out]").press("Enter")
    expect(page.locator("#stretches li")).to_have_count(4)
    expect(page.locator("#left")).to_be_visible()
    page.locator("#undo").press("Enter")
    expect(page.locator("#stretches li")).to_have_count(5)
    page.locator("#drop, [data-act=as_in_plan]").first.press("Enter")
    expect(page.locator("#stretches li")).to_have_count(3)
    expect(page.locator("#changed [data-zone]")).to_have_count(0)


def test_a_click_puts_a_stretch_in_and_takes_it_out(desk: Desk, office: Office) -> None:
    page = desk().page
    begin(page, "画布", office.day)
    find(page, "G1")
    page.mouse.click(*spot(page, WEST + STEP / 2, SOUTH + STEP + STEP / 9))
    expect(page.locator("#stretches li")).to_have_count(4)
    expect(page.locator("#shared [data-zone=G2]")).to_be_visible()
    page.mouse.click(*spot(page, WEST + STEP / 2, SOUTH + STEP + STEP / 9))
    expect(page.locator("#stretches li")).to_have_count(3)


def test_a_new_zone_is_drawn_with_a_hole_or_chosen_with_a_lasso(desk: Desk, office: Office) -> None:
    page = desk(f"/zones?duty=sweeping&on={office.day}").page
    begin(page, "新区", office.day)
    settle(page)
    page.click("[data-tool=draw]")
    ring = [(-0.3, -0.3), (2.3, -0.3), (2.3, 2.3), (-0.3, 2.3)]
    for column, row in ring:
        page.mouse.click(*spot(page, WEST + column * STEP, SOUTH + row * STEP))
        page.wait_for_timeout(60)
    page.mouse.click(*spot(page, WEST + ring[0][0] * STEP, SOUTH + ring[0][1] * STEP))
    page.fill("#code", "N1")
    page.click("[data-answer=yes]")
    expect(page.locator("#panel-title")).to_contain_text("N1")
    expect(page.locator("#stretches li").first).to_be_visible()
    whole = rows(page)
    assert whole >= 6
    length = page.locator("#figures dd").first.inner_text()
    page.click("[data-tool=hole]")
    for column, row in ((0.2, 0.7), (1.8, 0.7), (1.8, 1.4), (0.2, 1.4), (0.2, 0.7)):
        page.mouse.click(*spot(page, WEST + column * STEP, SOUTH + row * STEP))
        page.wait_for_timeout(60)
    expect(page.locator("#tools [data-tool=pick]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#figures dd").first).not_to_have_text(length)
    page.click("[data-tool=lasso]")
    x, y = spot(page, WEST + 3.1 * STEP, SOUTH - 0.3 * STEP)
    right, top = spot(page, WEST + 4.9 * STEP, SOUTH + 0.4 * STEP)
    page.mouse.move(x, y)
    page.mouse.down()
    for place in ((right, y), (right, top), (x, top), (x, y)):
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    expect(page.locator(".chosen-bar")).to_be_visible()
    page.locator(".chosen-bar [data-act=add]").click()
    expect(page.locator("#changed [data-zone=N1]")).to_be_visible()


def test_the_page_fits_a_phone(desk: Desk, office: Office) -> None:
    page = desk(phone=True, language="zh-CN").page
    page.locator("#grip").click()
    begin(page, "手机", office.day)
    page.locator("#grip").click()
    find(page, "G1")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.locator("#stretches input").first.check()
    page.locator(".chosen-bar [data-act=take_out]").click()
    expect(page.locator("#stretches li")).to_have_count(2)
    page.locator("#undo").click()
    expect(page.locator("#stretches li")).to_have_count(3)


def test_zones_that_stay_are_clicked_on_the_map_or_searched_for(desk: Desk, office: Office) -> None:
    middle = WEST + 1.5 * STEP
    opened = desk(f"/zones?duty=supervision&on={office.day}#map=17/{SOUTH}/{middle}")
    page = opened.page
    page.click("#propose-open")
    page.fill("#propose-count", "2")
    page.click("#propose-lock-map")
    expect(page.locator("#locking-done")).to_be_focused()
    settle(page)
    page.mouse.click(*spot(page, middle, SOUTH + STEP / 9))
    expect(page.locator("#locking-told")).to_contain_text("G1")
    page.fill("#query", "G2")
    expect(page.locator("#found [role=option]").first).to_contain_text("G2")
    page.keyboard.press("Enter")
    expect(page.locator("#locking-told")).to_contain_text("G1, G2")
    assert page.locator("#panel").is_hidden(), "no zone is opened meanwhile"
    page.locator("#locking-done").press("Enter")
    expect(page.locator("#propose-count")).to_have_value("2")
    expect(page.locator("#propose-locked [data-zone]")).to_have_count(2)
    page.locator("#propose-locked [data-zone=G2]").press("Enter")
    expect(page.locator("#propose-lock")).to_be_focused()
    page.keyboard.type("G9")
    page.keyboard.press("Enter")
    expect(page.locator("#propose-locked [data-zone]")).to_have_count(2)
    page.locator("#propose-locked [data-zone=G9]").press("Enter")
    with page.expect_request("**/api/v1/zones/propose") as asked:
        page.click("#propose-go")
    assert asked.value.post_data_json["lock"] == ["G1"]
    expect(page.locator("#propose-step")).to_be_visible()
    page.click("#propose-cancel")
    expect(page.locator("#propose-again")).to_be_visible()
    opened.leave()
