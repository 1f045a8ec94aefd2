"""A driver empties the next tanks with a phone in hand; what was told by mistake is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect
from shapely import Point
from sqlalchemy import text

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from geo_hygiene.works.recording import SaidWork, record_work
from tests.browser.conftest import Open, settle
from tests.browser.serving import serve
from tests.browser.test_zones import listed
from tests.conftest import TestDatabase
from tests.importing import bring
from tests.web.towns import SOUTH, WEST, web_town

EMAIL, PASSWORD = "driver@office.example", "lantern orchid gravel tuesday"
IS_NOT_CUT = "document.documentElement.scrollWidth <= window.innerWidth"
MARKUP = '<img src=x onerror="alert(1)">'
BROUGHT = 4
TANK = "select target.uuid from target join septic_tank using (id) where septic_tank.code = :code"
OVERDUE, TRUCK = "HF1", "吸粪车1"


@pytest.fixture(scope="module")
def yard(new_database: Callable[..., TestDatabase], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a home with tanks of which no work is on record, and a driver."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        rows = [
            (
                Point(WEST + 0.0005 * at, SOUTH + 0.0007),
                {
                    "code": f"HF{at}",
                    "name": MARKUP if at == 0 else f"化粪池{at}",
                    "volume_m3": 6,
                    "valid_from": date(2020, 1, 1),
                },
            )
            for at in range(BROUGHT)
        ]
        assert bring(connection, "septic-tanks", rows).status == "imported"
        tank = connection.execute(text(TANK), {"code": OVERDUE}).scalar_one()
        long_ago = SaidWork(uuid=uuid4(), kind="emptying", target=tank, done_at=datetime(2024, 3, 1, tzinfo=UTC))
        assert record_work(connection, "test", None, long_ago)
        store.add(connection, actor="test", email=EMAIL, name="司机", grants=[Grant(Role.WORKER)], password=PASSWORD)
    writer.dispose()
    yield from serve(database, tmp_path_factory.mktemp("yard"))


def sign_in(page: Page, server: str) -> None:
    page.goto(f"{server}/sign-in")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")


def due(page: Page) -> Locator:
    """Return where the start page tells how many tanks are due."""
    return page.locator("[data-due*=emptying]")


def fits(page: Page) -> bool:
    """Tell whether nothing of a page is cut, and all that a finger presses is large enough for it."""
    low = page.eval_on_selector_all(
        "main .button", "all => all.filter((one) => one.offsetHeight && one.offsetHeight < 38).length"
    )
    return not low and bool(page.evaluate(IS_NOT_CUT))


def choose_a_round(page: Page, tanks: int) -> None:
    """Go from the start page to the round that begins with most places."""
    page.locator(".due-now a").first.press("Enter")
    settle(page)
    assert page.locator("#map path.leaflet-interactive").count() >= BROUGHT
    expect(page.locator("#due")).to_contain_text(MARKUP)
    assert fits(page)
    page.fill("#capacity", "12")
    page.locator("form[action='/works/rounds'] button").press("Enter")
    expect(page.locator("section.round li")).to_have_count(tanks)
    assert page.locator("section.round").count() > 1
    assert fits(page)
    page.locator("section.round", has_text=OVERDUE).locator("a.button").press("Enter")
    settle(page)


def empty_all(page: Page, codes: list[str]) -> None:
    """Tell of one place after the other, each with its volume and the first with the truck, which is then known."""
    for at, code in enumerate(codes, 1):
        expect(page.locator("#next")).to_contain_text(code)
        page.locator(".next [name=volume_m3]").fill("5.5")
        if at == 1:
            page.locator(".next [name=truck]").fill(TRUCK)
        page.locator(".next .go button").press("Enter")
        expect(page.locator("#told")).to_contain_text(code)
        expect(page.locator("#told")).to_contain_text(f"5.5 m³ · {TRUCK}")
        expect(page.locator(".stops .done")).to_have_count(at)
        assert page.locator(".stops strong").all_inner_texts() == codes, "the round stays as it was begun"
        settle(page)
    expect(page.locator(".next form")).to_have_count(0)


def test_a_driver_empties_the_next_tanks_and_takes_one_back(yard: str, open_page: Open) -> None:
    opened = open_page(yard, phone=True)
    page = opened.page
    sign_in(page, yard)
    expect(due(page)).to_have_text("1")
    sums = listed(page, "/api/v1/works/due?kind=emptying")["sums"]
    tanks = sums["due"]["targets"] + sums["never"]["targets"]
    choose_a_round(page, tanks)
    codes = page.locator(".stops strong").all_inner_texts()
    assert len(codes) > 1
    assert page.locator(".stop-sign").all_inner_texts() == [str(at) for at, _ in enumerate(codes, 1)]
    assert fits(page)
    empty_all(page, codes)
    page.locator(".next a").press("Enter")
    expect(page.locator("section.round li")).to_have_count(tanks - len(codes))
    page.locator(".brand").press("Enter")
    expect(due(page)).to_have_text("0")
    tank = listed(page, "/api/v1/works?kind=emptying&limit=1")["works"][0]["target"]
    page.goto(f"{yard}/map?duty=tanks&select={tank}")
    expect(page.locator("#panel-work [data-work]").first).to_contain_text(f"5.5 m³ · {TRUCK}")
    expect(page.locator("#panel-work [data-due]")).to_have_attribute("data-due", "later")
    settle(page)
    page.go_back()
    page.go_back()
    page.go_back()
    settle(page)
    page.locator(".stops .done", has_text=OVERDUE).locator("button").press("Enter")
    expect(page.locator("#next")).to_contain_text(OVERDUE)
    expect(page.locator(".stop-sign.done")).to_have_count(len(codes) - 1)
    settle(page)
    page.goto(f"{yard}/works/done?kind=emptying")
    settle(page)
    # with what was emptied long ago, and without what was taken back
    expect(page.locator("[data-sum=distinct]")).to_have_text(f"{len(codes)}")
    expect(page.locator("#map path.leaflet-interactive")).to_have_count(len(codes))
    expect(page.locator("#works tbody tr")).to_have_count(len(codes))
    page.goto(f"{yard}/")
    expect(due(page)).to_have_text("1")
