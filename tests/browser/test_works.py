"""A driver empties the next tanks with a phone in hand; what was told by mistake is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from shapely import Point

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.browser.conftest import Open, settle
from tests.browser.serving import serve
from tests.conftest import TestDatabase
from tests.importing import bring
from tests.web.towns import SOUTH, WEST, web_town

EMAIL, PASSWORD = "driver@office.example", "lantern orchid gravel tuesday"
IS_NOT_CUT = "document.documentElement.scrollWidth <= window.innerWidth"
MARKUP = '<img src=x onerror="alert(1)">'
BROUGHT = 4


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
                {"code": f"HF{at}", "name": MARKUP if at == 0 else f"化粪池{at}", "volume_m3": 6},
            )
            for at in range(BROUGHT)
        ]
        assert bring(connection, "septic-tanks", rows).status == "imported"
        store.add(connection, actor="test", email=EMAIL, name="司机", grants=[Grant(Role.WORKER)], password=PASSWORD)
    writer.dispose()
    yield from serve(database, tmp_path_factory.mktemp("yard"))


def sign_in(page: Page, server: str) -> None:
    page.goto(f"{server}/works?capacity=12")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")


def test_a_driver_empties_the_next_tanks_and_takes_one_back(yard: str, open_page: Open) -> None:
    opened = open_page(yard, phone=True)
    page = opened.page
    sign_in(page, yard)
    never = page.locator("[data-due=never] strong")
    settle(page)
    tanks = page.locator("#map path.leaflet-interactive").count()
    assert tanks >= BROUGHT
    expect(never).to_have_text(f"{tanks}")
    expect(page.locator("#due")).to_contain_text(MARKUP)
    assert page.evaluate(IS_NOT_CUT)
    page.fill("#capacity", "12")
    page.locator("form[action='/works/rounds'] button").press("Enter")
    expect(page.locator("section.round li")).to_have_count(tanks)
    assert page.locator("section.round").count() > 1
    assert page.evaluate(IS_NOT_CUT)
    first = page.locator("section.round li").first
    code = first.locator("strong").text_content()
    first.locator("summary").click()
    first.locator("input[name=volume_m3]").fill("5.5")
    first.locator("input[name=truck]").fill("吸粪车1")
    first.locator("button").press("Enter")
    expect(page.locator("section.round li")).to_have_count(tanks - 1)
    expect(page.locator("#told")).to_contain_text(code or "?")
    page.goto(f"{yard}/works/done?kind=emptying")
    settle(page)
    expect(page.locator("[data-sum=distinct]")).to_have_text("1")
    expect(page.locator("#map path.leaflet-interactive")).to_have_count(1)
    row = page.locator("#works tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("5.5 m³")
    expect(row).to_contain_text("吸粪车1")
    row.locator("button").press("Enter")
    expect(page.locator("#works")).to_have_count(0)
    page.goto(f"{yard}/works")
    expect(never).to_have_text(f"{tanks}")
    settle(page)
    opened.leave()
