"""A planner gives vacant zones away, lets somebody stand in, and lets somebody leave: by keyboard, as on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.browser.conftest import Open
from tests.browser.serving import serve
from tests.conftest import TestDatabase
from tests.web.towns import web_town

EMAIL, PASSWORD = "planner@office.example", "lantern orchid gravel tuesday"
IS_NOT_CUT = "document.documentElement.scrollWidth <= window.innerWidth"
DAY = "2025-05-01"
SOON = 20_000
"""Milliseconds within which a busy machine shows what was done."""


@pytest.fixture
def office(new_database: Callable[..., TestDatabase], tmp_path: Path) -> Iterator[str]:
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        store.add(connection, actor="test", email=EMAIL, name="规划员", grants=[Grant(Role.PLANNER)], password=PASSWORD)
    writer.dispose()
    yield from serve(database, tmp_path)


def ready(page: Page) -> None:
    page.locator("html[data-ready=true]").wait_for(state="attached")


def act(page: Page, name: str, **values: str) -> None:
    """Open a form, fill it and send it, with the keyboard alone."""
    ready(page)
    form = page.locator(f"#act-{name}")
    form.locator("summary").press("Enter")
    for label, value in values.items():
        form.locator(f"[name='{label.replace('__', ':').rstrip('_')}']").fill(value)
    form.locator("button[type=submit]").press("Enter")


def test_zones_are_given_stood_in_for_and_handed_over(office: str, open_page: Open) -> None:
    opened = open_page(office, phone=True)
    page = opened.page
    page.goto(f"{office}/holders?vacant=1&on={DAY}")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/holders**")
    ready(page)
    page.locator("#all").press("Space")
    expect(page.locator("#chosen")).to_contain_text("1", timeout=SOON)
    page.fill("#give-person", "P2")
    page.locator("#give button").press("Enter")
    expect(page.locator("#done")).to_contain_text("Sweeping, vacant of this ground", timeout=SOON)
    expect(page.locator("#zones")).to_have_count(0, timeout=SOON)
    assert page.evaluate(IS_NOT_CUT)

    page.goto(f"{office}/people/P1?on={DAY}")
    act(page, "substitute", person="P1", from_=DAY, to="2025-05-07")
    expect(page.locator("#refused")).to_be_visible(timeout=SOON)
    page.locator("#act-substitute [name=person]").fill("P2")
    page.locator("#act-substitute button[type=submit]").press("Enter")
    expect(page.locator("#held [data-zone=Z1]").filter(has_text="P2")).to_contain_text(
        "2025-05-01 – 2025-05-08", timeout=SOON
    )
    assert page.evaluate(IS_NOT_CUT)

    # somebody else changes what P1 holds meanwhile: both versions are told, and nothing is lost
    other = opened.page.context.new_page()
    other.goto(f"{office}/people/P1?on={DAY}")
    act(other, "back", from_="2025-05-04")
    other.locator("#done:not([hidden])").wait_for()
    other.close()
    act(page, "leave", from_="2025-06-01", hand_over__Z1="P2")
    expect(page.locator("#differing")).to_be_visible(timeout=SOON)
    opened.faults.refused.clear()
    opened.faults.errors.clear()

    page.goto(f"{office}/people/P1/hand-over?on={DAY}")
    expect(page.locator("#hand-over [data-zone=Z1]")).to_contain_text("滨江北路", timeout=SOON)
    page.goto(f"{office}/people/P1?on={DAY}")
    act(page, "leave", from_="2025-06-01", hand_over__Z1="P2")
    page.locator("#act-return").wait_for()
    assert page.evaluate(IS_NOT_CUT)
    page = opened.go(f"/holders?q=Z3&on={DAY}")
    opened.go(str(page.locator("#zones [data-zone=Z3] .way a").get_attribute("href")))
    expect(page.locator("#panel")).to_contain_text("Z3", timeout=SOON)
    opened.leave()
    page.goto(f"{office}/chain?by=group&broken=1&on=2025-07-01")
    expect(page.locator("#chains [data-broken]").first).to_be_visible(timeout=SOON)
