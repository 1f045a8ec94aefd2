"""A leader opens the annual report, asks where its metres come from, and sees the drain and what was done on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from shapely import LineString

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from geo_hygiene.reports.annual import jobs
from tests.browser.conftest import Open, settle
from tests.browser.serving import serve
from tests.conftest import TestDatabase
from tests.importing import bring
from tests.web.towns import SOUTH, WEST, web_town
from tests.working import working

EMAIL, PASSWORD = "leader@office.example", "lantern orchid gravel tuesday"
IS_NOT_CUT = "document.documentElement.scrollWidth <= window.innerWidth"
IS_DRAWN = "images => images.length && images.every(one => one.complete && one.naturalWidth > 100)"
DRAIN = '<b onclick="alert(1)">阴沟</b>'
WORKS = (("2025-03-01", 0, 3500), ("2025-08-01", 3400, 6600))


@pytest.fixture
def database(new_database: Callable[..., TestDatabase]) -> TestDatabase:
    """Return a town in which 6 600 m of a drain were dredged, 100 m of them twice, and its leader."""
    made = new_database()
    writer = engine(made.service_url)
    line = LineString([(WEST, SOUTH + 0.0011), (WEST + 0.08, SOUTH + 0.0011)])
    works = [
        {"kind": "dredging", "done_at": day, "drain": "YG", "from_m": begin, "to_m": end} for day, begin, end in WORKS
    ]
    with writer.begin() as connection:
        web_town(connection)
        drain = {"code": "YG1", "drain_code": "YG", "drain": DRAIN}
        assert bring(connection, "drain-segments", [(line, drain)]).status == "imported"
        assert bring(connection, "works", [(None, row) for row in works]).status == "imported"
        store.add(connection, actor="test", email=EMAIL, name="主任", grants=[Grant(Role.LEADER)], password=PASSWORD)
    writer.dispose()
    return made


@pytest.fixture
def office(database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve(database, tmp_path_factory.mktemp("office"))


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit]").press("Enter")


def test_a_leader_goes_from_the_metres_of_the_year_to_the_drain(
    office: str, database: TestDatabase, open_page: Open
) -> None:
    opened = open_page(office)
    page = opened.page
    sign_in(page, f"{office}/people")
    page.locator(".menu summary").press("Enter")
    page.locator(".menu [data-page=reports]").press("Enter")
    page.select_option("#year", "2025")
    page.locator(".filters button").press("Enter")
    expect(page.locator("#report")).to_have_attribute("data-year", "2025")
    assert page.eval_on_selector_all("#report img", IS_DRAWN)
    figure = page.locator("[data-figure=drain-metres-dredged]")
    expect(figure.locator("dl")).to_be_hidden()
    figure.locator("summary").press("Enter")
    expect(figure.locator("dl")).to_contain_text("2025-01-01 – 2025-12-31")
    expect(page.locator("#drains .sentence")).to_contain_text("6,600.0 m")
    expect(page.locator("#drains .sentence")).to_contain_text("6,700.0 m")
    page.locator("#drains .sentence a").first.press("Enter")
    expect(page.locator("#works tbody tr")).to_have_count(len(WORKS))
    drain = page.locator("#works tbody tr").first.locator("td a")
    expect(drain).to_have_text(DRAIN)
    drain.press("Enter")
    page.locator("html[data-ready=true]").wait_for(state="attached")
    expect(page.locator("#panel")).to_contain_text(DRAIN)
    settle(page)

    opened.go("/reports?year=2025")
    page.locator("#make button").press("Enter")
    page.wait_for_url("**/reports/jobs/*")
    with working(database.service_url, jobs.HANDLERS):
        expect(page.locator("#files a")).to_have_count(len(jobs.FORMATS), timeout=60_000)
    assert page.eval_on_selector_all("#report img", IS_DRAWN)

    phone = open_page(office, phone=True).page
    sign_in(phone, f"{office}/reports?year=2025")
    row = phone.locator("[data-figure=drain-metres-dredged]")
    row.locator("summary").tap()
    expect(row.locator("dl")).to_be_visible()
    assert phone.evaluate(IS_NOT_CUT)
    row.locator("td a").tap()
    expect(phone.locator("#works tbody tr")).to_have_count(len(WORKS))
