"""Names are shown as they are: in the list, the panel, the search, the legend's neighbours and the table."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open, until
from tests.browser.towns import CAMPAIGN, PAYLOADS, case_id

ADDRESS = "/map?duty=sweeping&on=2025-04-01"
CAMPAIGN_ADDRESS = f"/campaigns/{quote(CAMPAIGN, safe='')}?on=2025-04-01"
MADE_BY_NAMES = "#panel, #gaps, #found, #legend"
FOUND = "name => [...document.querySelectorAll('#found .found-name')].some((one) => one.textContent === name)"
GOOD_LINE = "  node.append(...children.filter((child) => child !== null && child !== undefined));\n"
STRANGERS = "img, script, iframe, input:not([name]), details, math, style, b, body, a[href^='javascript']"


def assert_literal(page: Page) -> None:
    """Go through list, panel and search for every payload and compare what is read with what was written."""
    rows = page.locator("#gaps [data-segment]")
    expect(rows).to_have_count(len(PAYLOADS), timeout=15_000)
    assert set(page.locator("#gaps .row-name").all_text_contents()) == set(PAYLOADS)
    for index in range(len(PAYLOADS)):
        name = rows.nth(index).locator(".row-name").text_content() or ""
        rows.nth(index).click()
        expect(page.locator("#panel-title")).to_have_text(name, use_inner_text=False)
        assert page.locator("#panel .facts dd").first.text_content() == name
        number = PAYLOADS.index(name)
        held = page.locator("#panel .claim:not(.unheld)")
        assert held.locator(".claim-head .link").text_content() == f"{name} (Z{number:02d})"
        assert held.locator(".chain .name").last.text_content() == f"{name} (P{number:02d})"
        assert PAYLOADS[1] in (page.locator("#panel .facts").text_content() or "")
    for name in PAYLOADS:
        page.fill("#query", name.strip("\u202e"))
        until(page, FOUND, name)
    strangers = page.evaluate(
        "([inside, strangers]) => [...document.querySelectorAll(inside)]"
        ".flatMap((box) => [...box.querySelectorAll(strangers)].map((node) => node.outerHTML))",
        [MADE_BY_NAMES, STRANGERS],
    )
    assert strangers == []


def test_twenty_payloads_are_shown_literally(open_page: Open, markup_server: str) -> None:
    opened = open_page(markup_server)
    assert_literal(opened.go(ADDRESS))
    assert opened.faults.dialogs == []


def test_chosen_zones_people_and_areas_are_shown_literally(open_page: Open, markup_server: str) -> None:
    opened = open_page(markup_server)
    for select, name in (
        ("zone:Z03", PAYLOADS[3]),
        ("person:P04", PAYLOADS[4]),
        ("lane:L05", PAYLOADS[5]),
        ("community:C", PAYLOADS[1]),
        ("group:G", PAYLOADS[2]),
    ):
        page = opened.go(f"{ADDRESS}&select={select}")
        expect(page.locator("#panel-title")).to_have_text(name)
        assert page.locator(f"#panel :is({STRANGERS})").count() == 0


def test_the_table_shows_payloads_literally(open_page: Open, markup_server: str) -> None:
    page = open_page(markup_server).go("/map/table?duty=sweeping&on=2025-04-01&limit=100")
    for part in ("name", "code"):
        assert set(page.locator(f"#pieces tbody th .{part}").all_text_contents()) == set(PAYLOADS)
    assert page.locator(f"#pieces :is({STRANGERS}):not(a)").count() == 0


@pytest.mark.parametrize(
    "code", ["' onerror=alert(1) '", "<img src=x onerror=alert(1)>", "zone:<img src=x onerror=alert(1)>"]
)
def test_an_address_with_markup_is_shown_literally(open_page: Open, markup_server: str, code: str) -> None:
    opened = open_page(markup_server)
    page = opened.go(f"{ADDRESS}&select={quote(code)}")
    expect(page.locator("#panel-title")).to_be_visible()
    assert code.removeprefix("zone:") in (page.locator("#panel").text_content() or "")
    assert page.locator("#panel :is(img, script)").count() == 0
    opened.faults.refused.clear()
    opened.faults.errors.clear()


@pytest.mark.parametrize("address", [ADDRESS, CAMPAIGN_ADDRESS])
def test_one_place_that_writes_markup_is_noticed(open_page: Open, markup_server: str, address: str) -> None:
    """The mutant: text goes into elements as markup. What goes through a map's parts must see it."""
    opened = open_page(markup_server)

    def spoil(route: Route) -> None:
        good = route.fetch().text()
        bad = good.replace(
            GOOD_LINE, "  for (const child of children) node.innerHTML += child?.outerHTML ?? child ?? '';\n"
        )
        assert bad != good
        route.fulfill(body=bad, content_type="text/javascript")

    opened.page.route("**/js/dom.js*", spoil)
    page = opened.go(address)
    with pytest.raises(AssertionError):
        assert_literal(page) if address == ADDRESS else assert_campaign_literal(page)
    opened.leave()
    page.goto("about:blank")
    for faults in (opened.faults.dialogs, opened.faults.errors, opened.faults.refused, opened.faults.failed):
        faults.clear()


def assert_campaign_literal(page: Page) -> None:
    """Go through list, panel and search of a campaign for every payload."""
    rows = page.locator("#gaps [data-segment]")
    expect(rows).to_have_count(len(PAYLOADS), timeout=15_000)
    assert set(page.locator("#gaps .row-name").all_text_contents()) == set(PAYLOADS)
    for index in range(len(PAYLOADS)):
        name = rows.nth(index).locator(".row-name").text_content() or ""
        rows.nth(index).click()
        expect(page.locator("#panel-title")).to_have_text(name, use_inner_text=False)
        assert page.locator("#panel .claim-when").last.text_content() == " · ".join([name] * 3)
        held = page.locator("#panel .chain .name").last.text_content()
        assert held == name
    for name in PAYLOADS:
        page.fill("#query", name.strip("\u202e"))
        until(page, FOUND, name)
    assert page.locator(f":is({MADE_BY_NAMES}, #beside) :is({STRANGERS})").count() == 0


def test_a_campaign_is_shown_literally(open_page: Open, markup_server: str) -> None:
    opened = open_page(markup_server)
    page = opened.go("/")
    expect(page.locator("#campaign")).to_have_text(PAYLOADS[2], use_inner_text=False)
    page = opened.go("/campaigns")
    expect(page.locator("li[data-campaign] h2")).to_have_text(PAYLOADS[2], use_inner_text=False)
    page = opened.go(CAMPAIGN_ADDRESS)
    expect(page.locator("#legend-title")).to_have_text(PAYLOADS[2], use_inner_text=False)
    assert_campaign_literal(page)
    for select, name in (("lane:L05", PAYLOADS[5]), ("community:C", PAYLOADS[1]), ("group:G", PAYLOADS[2])):
        page = opened.go(f"{CAMPAIGN_ADDRESS}&select={select}")
        expect(page.locator("#panel-title")).to_have_text(name, use_inner_text=False)
        assert page.locator(f":is(#panel, #beside) :is({STRANGERS})").count() == 0
    page = opened.go(CAMPAIGN_ADDRESS.replace("?", "/table?"))
    for part in ("name", "code"):
        assert set(page.locator(f"#left tbody th .{part}").all_text_contents()) <= set(PAYLOADS)
    assert set(page.locator("#left tbody th .name").all_text_contents()) == set(PAYLOADS)
    assert page.locator(f":is(#left, .sums, h1) :is({STRANGERS})").count() == 0


def test_complaints_are_shown_literally(open_page: Open, markup_server: str) -> None:
    opened = open_page(markup_server)
    page = opened.go(f"/cases?area={quote(PAYLOADS[0])}")
    assert page.locator("#area option:checked").text_content() == PAYLOADS[0]
    page = opened.go("/cases?limit=100")
    assert set(page.locator("#cases td:nth-child(5)").all_text_contents()) == set(PAYLOADS)
    assert {" ".join([name, name]) for name in PAYLOADS} == set(
        page.locator("#cases td:nth-child(7)").all_text_contents()
    )
    for index, name in enumerate(PAYLOADS):
        page = opened.go(f"/cases/{case_id(index)}")
        assert page.locator("#description").text_content() == name
        assert page.locator(".facts dd").all_text_contents().count(name) == 4, name
        assert page.locator(f"main :is({STRANGERS.replace('img', 'img:not(.leaflet-tile)')})").count() == 0
    page = opened.go(f"/cases/heat?by=community&kind={quote(PAYLOADS[1])}&area={quote(PAYLOADS[3])}")
    assert page.locator("#area option:checked").text_content() == PAYLOADS[3]
    expect(page.locator("#areas tbody th").first).to_be_visible()
    assert set(page.locator("#areas tbody th").all_text_contents()) <= {*PAYLOADS, "in no area"}
    assert page.locator(f"#areas :is({STRANGERS})").count() == 0
    opened.leave()
