"""A planner brings a file: by keyboard, over a reload, at the width of a phone, and takes the import back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from tests.browser.conftest import Open, Opened, settle, until
from tests.browser.serving import serve
from tests.conftest import TestDatabase
from tests.web.towns import SOUTH, WEST, web_town

EMAIL, PASSWORD = "planner@office.example", "lantern orchid gravel tuesday"
IS_NOT_CUT = "document.documentElement.scrollWidth <= window.innerWidth"
MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def office(
    new_database: Callable[..., TestDatabase], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Callable[[], subprocess.Popen[bytes]]]]:
    """Return the address of a home with a planner, and a function that starts its worker."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        store.add(connection, actor="test", email=EMAIL, name="规划员", grants=[Grant(Role.PLANNER)], password=PASSWORD)
    writer.dispose()
    home = tmp_path_factory.mktemp("office")
    urls = {"GEO_HYGIENE_SERVICE_URL": database.service_url, "GEO_HYGIENE_HOME": str(home)}
    started: list[subprocess.Popen[bytes]] = []

    def work() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-m", "geo_hygiene.worker"], env=os.environ | urls))
        return started[-1]

    for address in serve(database, home):
        yield address, work
        for worker in started:
            worker.terminate()
            worker.wait(20)


def places(folder: Path, *, wrong: bool = False) -> Path:
    rows = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [WEST + 0.0005 * at, SOUTH + 0.001]},
            "properties": {"编号": f"N{at}", "类别": "公厕", "名称": MARKUP if at == 1 else f"公厕{at}"},
        }
        for at in range(20)
    ]
    if wrong:
        rows[3]["geometry"]["coordinates"][0] = 15.0
    file = folder / "公厕.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), encoding="utf-8")
    return file


def signed_in(opened: Opened) -> Page:
    page = opened.page
    page.goto(f"{opened.server}/imports")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.locator("#bring").wait_for()
    return page


def ended(page: Page, state: str, status: str) -> None:
    expect(page.locator(f"main[data-state={state}][data-status='{status}']")).to_have_count(1, timeout=60_000)
    assert page.evaluate(IS_NOT_CUT)


def forgive_what_was_broken_off(opened: Opened) -> None:
    """A page that follows its job asks for it all the time, also when it is left: that is not the page's fault."""
    opened.faults.failed[:] = [one for one in opened.faults.failed if not one.endswith("net::ERR_ABORTED")]


@pytest.mark.parametrize("phone", [False, True])
def test_a_file_is_brought_seen_on_the_map_stored_and_taken_back(
    office: tuple[str, Callable[[], subprocess.Popen[bytes]]], open_page: Open, tmp_path: Path, phone: bool
) -> None:
    server, work = office
    opened = open_page(server, phone=phone)
    page = signed_in(opened)
    assert page.evaluate(IS_NOT_CUT)
    page.set_input_files("#files", places(tmp_path))
    page.locator("#bring button:enabled").press("Enter")
    page.locator("#progress").wait_for()
    address = page.url
    page.reload()
    page.locator("#progress").wait_for()
    worker = work()
    ended(page, "done", "dry-run")
    assert page.url == address, "the page follows its job"
    settle(page)
    assert page.locator("#map path.leaflet-interactive").count() == 20
    assert page.locator("#layer").input_value() == "facilities"
    assert page.locator("select[name='field.name']").input_value() == "名称"
    page.locator("#map path.leaflet-interactive").first.hover(force=True)
    page.locator("#store").press("Enter")
    ended(page, "done", "imported")
    page.click("text=See what it changed")
    page.locator("#changes").wait_for()
    assert page.locator("#changes tbody tr").count() == 20
    assert page.evaluate(IS_NOT_CUT)
    page.locator("#take-back").press("Enter")
    expect(page.locator("[data-removed='20']")).to_have_count(1, timeout=60_000)
    forgive_what_was_broken_off(opened)
    worker.terminate()
    worker.wait(20)


def test_a_file_with_errors_is_mended_by_leaving_its_rows_out_and_work_is_cancelled(
    office: tuple[str, Callable[[], subprocess.Popen[bytes]]], open_page: Open, tmp_path: Path
) -> None:
    server, work = office
    opened = open_page(server)
    page = signed_in(opened)
    page.set_input_files("#files", places(tmp_path, wrong=True))
    page.click("#bring button")
    page.locator("#cancel").press("Enter")
    ended(page, "cancelled", "")
    page.locator("#again").press("Enter")
    worker = work()
    ended(page, "done", "refused")
    settle(page)
    assert page.locator("#findings tr[data-code=outside-extent]").count() == 1
    until(page, "() => document.querySelectorAll('#map path[stroke=\"#b02a3c\"]').length === 1")
    page.check("[name=skip_rejected]")
    opened.leave()
    page.click("#reading button[type=submit]")
    ended(page, "done", "dry-run")
    assert page.locator("[data-rejected='1']").count() == 1
    assert page.locator("[data-created='19']").count() == 1
    opened.leave()
    forgive_what_was_broken_off(opened)
    worker.terminate()
    worker.wait(20)
