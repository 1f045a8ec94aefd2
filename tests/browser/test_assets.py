"""Streets and places by hand in a real browser: the first street of an empty home, and a town that is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.browser.conftest import Open, until
from tests.browser.serving import serve
from tests.browser.test_zones import PASSWORD, signed_in
from tests.conftest import TestDatabase
from tests.web.towns import SOUTH, STEP, WEST, web_town

VIEW = f"#map=17/{SOUTH + STEP / 2}/{WEST + STEP / 2}"
AT = """([lon, lat]) => { const { x, y } = map.latLngToContainerPoint([lat, lon]);
    const box = document.getElementById("map").getBoundingClientRect(); return [box.left + x, box.top + y]; }"""


def at(page: Page, east: float, north: float) -> tuple[float, float]:
    """Return where on the screen a place of the town is, in steps from its corner."""
    x, y = page.evaluate(AT, [WEST + east * STEP, SOUTH + north * STEP])
    return x, y


def agree(page: Page, *told: str) -> None:
    """Read what would be done, and let it be done."""
    done = page.locator("#done li").count()
    page.locator("#asked [data-answer=yes]").wait_for()
    for words in told:
        expect(page.locator("#asked")).to_contain_text(words)
    page.locator("#asked [data-answer=yes]").click()
    page.locator("#done li").nth(done).wait_for()


@pytest.fixture(params=["an empty home", "a town"])
def home(request: pytest.FixtureRequest, new_database: Callable[..., TestDatabase], tmp_path: Path) -> Iterator[str]:
    """Return a server over nothing, or over a town, with a planner."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        if request.param == "a town":
            web_town(connection)
        grants = [Grant(Role.PLANNER, None)]
        email = "planner@office.example"
        store.add(connection, actor="test", email=email, name="planner", grants=grants, password=PASSWORD)
    writer.dispose()
    yield from serve(database, tmp_path)


def test_what_is_looked_after_is_drawn_and_changed(
    request: pytest.FixtureRequest, home: str, open_page: Open, plain_chromium: Browser
) -> None:
    opened = open_page(home, browser=plain_chromium)
    opened.page.context.add_cookies(signed_in(home, "planner"))
    page = opened.go(f"/assets?kind=street-segments{VIEW}")
    (_change_the_town if "a town" in request.node.name else _draw_the_first_street)(page)
    opened.leave()


def _draw_the_first_street(page: Page) -> None:
    page.locator("#asset-told", has_text="None here yet").wait_for()
    page.locator("[data-tool=new]").click()
    for place in ((0.3, 0.5), (0.5, 0.6)):
        page.mouse.click(*at(page, *place), delay=20)
    page.mouse.move(*at(page, 0.7, 0.5))
    page.mouse.dblclick(*at(page, 0.7, 0.5))
    expect(page.locator("#where")).not_to_be_empty()
    page.locator("#field-lane").fill("新街")
    page.locator("#store").click()
    agree(page, "No zone looks after it")
    expect(page.locator("#panel-title")).to_contain_text("新街")
    page.locator("#asset-told", has_text="1 on the map").wait_for()
    page.keyboard.press("Control+z")
    page.locator("#asset-told", has_text="None here yet").wait_for()


def _change_the_town(page: Page) -> None:
    page.locator("#kind").select_option("septic-tanks")
    page.locator("#code").fill("T0")
    page.locator("#code").press("Enter")
    page.locator("#panel-title", has_text="T0").wait_for()
    page.locator("[data-tool=new]").click()
    page.locator("#where").fill("somewhere")
    page.locator("[data-act=show_it]").click()
    expect(page.locator("#asset-wrong")).to_contain_text("Line 1")
    page.locator("#where").fill(f"{WEST + 0.5 * STEP} {SOUTH + 0.6 * STEP}")
    page.locator("#field-code").fill("T9")
    page.locator("#store").click()
    agree(page, "Septic tanks: In all +1, Gap +1")
    page.locator("[data-tool=move]").click()
    page.mouse.move(*at(page, 0.5, 0.6))
    page.mouse.down()
    page.mouse.move(*at(page, 0.6, 0.7), steps=4)
    page.mouse.up()
    until(
        page, "(lon) => Math.abs(document.getElementById('where').value.split(' ')[0] - lon) < 3e-5", WEST + 0.6 * STEP
    )
    page.locator("#store").click()
    agree(page)

    page.locator("#kind").select_option("street-segments")
    expect(page.locator("#panel")).to_be_hidden()
    until(page, "() => document.getElementById('asset-told').textContent.includes('Street segments')")
    page.mouse.click(*at(page, 0.25, 1 + 1 / 18))
    page.locator("#panel-title", has_text="S10").wait_for()
    page.locator("#split-at").fill("60")
    page.locator("[data-act=split_now]").click()
    agree(page, "S10-1", "S10-2", "No figure of a duty changes")
    page.locator("[data-act=join_with]").filter(has_text="S10-").click()
    agree(page, "Ends")
    page.locator("[data-act=rename]").click()
    page.locator("#asked #name").fill("和平巷")
    page.locator("#asked [data-answer=yes]").click()
    page.locator("#panel-title", has_text="和平巷").wait_for()
    page.locator("#on").fill("2090-01-01")
    page.locator("[data-act=end]").click()
    agree(page, "It holds from 2090-01-01 on")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#done li")).to_have_count(6)


def _tank(page: Page, code: str) -> None:
    page.locator("#code").fill(code)
    page.locator("#code").press("Enter")
    page.locator("#panel-title", has_text=code).wait_for()
    page.locator("#correct").check()


@pytest.mark.parametrize("home", ["a town"], indirect=True)
def test_the_second_editor_of_a_tank_sees_both_versions_and_chooses(
    home: str, open_page: Open, plain_chromium: Browser
) -> None:
    desks = [open_page(home, browser=plain_chromium) for _editor in range(2)]
    for desk in desks:
        desk.page.context.add_cookies(signed_in(home, "planner"))
        _tank(desk.go(f"/assets?kind=septic-tanks{VIEW}"), "T0")
    first, second = (desk.page for desk in desks)
    first.locator("#field-volume_m3").fill("9")
    first.locator("#field-households").fill("5")
    first.locator("#store").click()
    agree(first)

    second.locator("#field-households").fill("7")
    second.locator("#store").click()
    expect(second.locator("#conflict .mine")).to_contain_text("Households: 7")
    expect(second.locator("#conflict .theirs")).to_contain_text("Households: 5")
    second.locator("[data-choice='']").click()
    expect(second.locator("#field-households")).to_have_value("7")
    second.locator("#store").click()
    second.locator("[data-choice=mine]").click()
    agree(second)
    expect(second.locator("#field-households")).to_have_value("7")
    expect(second.locator("#field-volume_m3")).to_have_value("9")

    first.locator("#correct").uncheck()
    first.locator("#on").fill("2090-01-01")
    first.locator("[data-act=end]").click()
    expect(first.locator("#conflict .mine")).to_contain_text("Ends on 2090-01-01")
    first.locator("[data-choice=theirs]").click()
    expect(first.locator("#field-households")).to_have_value("7")
    for desk in desks:
        desk.faults.errors = [told for told in desk.faults.errors if "412" not in told]
        desk.faults.refused = [told for told in desk.faults.refused if not told.startswith("412 ")]
