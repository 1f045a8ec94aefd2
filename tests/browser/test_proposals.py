"""A planner asks for a proposal in a real browser, follows it, adopts it as a draft, and deletes the draft."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from geo_hygiene.zoning.proposal_jobs import HANDLERS
from tests.browser.conftest import Open
from tests.browser.serving import serve
from tests.browser.test_zones import PASSWORD, listed, signed_in
from tests.conftest import TestDatabase
from tests.web.towns import AUTUMN, web_town
from tests.working import working

PATIENCE = 60_000
"""Milliseconds that a job may take on a machine with much to do."""


@pytest.fixture(scope="module")
def database(new_database: Callable[..., TestDatabase]) -> TestDatabase:
    """Return a town with a planner."""
    made = new_database()
    writer = engine(made.service_url)
    with writer.begin() as connection:
        web_town(connection)
        grants = [Grant(Role.PLANNER, None)]
        store.add(connection, actor="test", email="one@office.example", name="one", grants=grants, password=PASSWORD)
    writer.dispose()
    return made


@pytest.fixture(scope="module")
def server(database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve(database, tmp_path_factory.mktemp("proposals"))


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_proposal_is_followed_adopted_and_its_draft_deleted(
    open_page: Open, server: str, database: TestDatabase, phone: bool
) -> None:
    one: Any = open_page(server, phone=phone)
    one.page.context.add_cookies(signed_in(server, "one"))
    page = one.go(f"/zones?duty=sweeping&on={AUTUMN.isoformat()}")
    if phone:
        page.click("#grip")
    page.click("#propose-open")
    page.fill("#propose-count", "99")
    page.press("#propose-count", "Enter")
    expect(page.locator("#propose-failed")).to_contain_text("24")
    expect(page.locator("#propose-count")).to_have_attribute("aria-invalid", "true")
    one.faults.refused.clear()
    one.faults.errors.clear()
    page.fill("#propose-count", "4")
    page.fill("#propose-tolerance", "20")
    page.check("[name=barriers][value=river]")
    page.click("#propose-go")
    expect(page.locator("#propose-step")).to_contain_text("Waiting")
    page.click("#propose-cancel")
    expect(page.locator("#propose")).to_contain_text("Stopped", timeout=PATIENCE)
    page.click("#propose-again")
    expect(page.locator("#propose-count")).to_have_value("4")
    page.click("#propose-go")
    expect(page.locator("#propose-step")).to_contain_text("Waiting")
    assert "proposal=" in page.url, "a reload at any moment loses nothing"
    one.leave()
    page.reload()
    with working(database.service_url, HANDLERS):
        expect(page.locator("#propose-even tbody tr")).to_have_count(2, timeout=PATIENCE)
        expect(page.locator("#propose-even tbody tr").last).to_contain_text("4")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        name = f"plan {phone}"
        page.fill("#propose-name", name)
        page.press("#propose-name", "Enter")
        expect(page.locator("#propose")).not_to_be_visible(timeout=PATIENCE)
        expect(page.locator("#draft")).to_have_value(name, timeout=PATIENCE)
    expect(page.locator("#changed [data-zone]").first).to_be_attached()
    assert "proposal=" not in page.url
    figures = listed(page, f"/api/v1/drafts/{name}/cover?on={AUTUMN.isoformat()}")
    assert (figures["gap"], figures["overlap"]) == (0, 0)
    if phone:
        page.click("#grip")
    page.click("#discard")
    page.click("#asked [data-answer=yes]")
    expect(page.locator("#draft")).to_have_value("")
    expect(page.locator("#draft option", has_text=name)).to_have_count(0)
    one.leave()
