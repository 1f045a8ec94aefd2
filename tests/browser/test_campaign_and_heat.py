"""The pages of pest-control teams and leaders over the sample town: a campaign, the heat map, the start page."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import Open, settle, until

SHOWN = "layers => vector_tiles.getMaplibreMap().queryRenderedFeatures({layers}).length"
SPRING = "/campaigns/2025-spring-rodent"
SUMMER = "kind=mosquito&from=2025-05-01&to=2025-10-01"
DARK = """() => [...document.querySelectorAll(".leaflet-heatmap-layer")].reduce((sum, canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return sum + data.filter((value, index) => index % 4 === 3 && value > 0).length;
}, 0)"""

WHILE_PLAYING = """() => {
    window.seen = [];
    const list = document.querySelector("#gaps ol");
    new MutationObserver(() => {
        const told = [document.getElementById("gaps-count"), list.nextElementSibling].map((node) => node.textContent);
        if (document.getElementById("player").dataset.playing === "true") seen.push([list.hidden, ...told]);
    }).observe(document.getElementById("player-told"), { childList: true });
}"""
"""Notes at each day that is played what the list shows."""


def told(server: str, path: str) -> dict[str, Any]:
    """Return an answer of the API."""
    with urllib.request.urlopen(f"{server}/api/v1{path}", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.mark.parametrize("phone", [False, True])
def test_a_campaign_shows_what_was_left_out(
    open_page: Open, chromium: Browser, sample_server: str, *, phone: bool
) -> None:
    opened = open_page(sample_server, browser=chromium, phone=phone)
    page = opened.go(f"{SPRING}?kind=street-segments&on=2025-04-11")
    figures = told(sample_server, "/campaigns/2025-spring-rodent/cover?on=2025-04-11")["kinds"]
    streets = next(kind for kind in figures if kind["kind"] == "street-segments")
    for state, amount in streets["states"].items():
        expect(page.locator(f"#legend [data-state={state}]")).to_have_attribute("data-value", f"{amount:.12g}")
    settle(page)
    for state in ("treated", "not-treated", "not-visited", "old"):
        assert page.evaluate(SHOWN, [f"campaign-{state}"]) > 0, state
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    if not phone:
        page.locator("#legend [data-state=not-visited]").click()
        settle(page)
        assert page.evaluate(SHOWN, ["campaign-not-visited"]) == 0
    opened.leave()


def test_a_campaign_answers_clicks_days_and_the_keyboard(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go(f"{SPRING}?on=2025-04-11")
    first = page.locator("#gaps [data-segment]").first
    lane = first.locator(".row-name").text_content() or ""
    first.click()
    expect(page.locator("#panel-title")).to_have_text(lane)
    expect(page.locator("#panel .bar line.bar-not-visited").first).to_be_attached()
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(first).to_be_focused()
    page.locator("#legend [data-state=not-visited]").click()
    settle(page)
    assert "states=treated,not-treated,old" in page.url
    page.locator("#player-at").focus()
    page.keyboard.press("Home")
    expect(page.locator("#player-told")).to_contain_text("2025-03-10")
    until(page, "() => location.search.includes('on=2025-03-10')")
    settle(page)
    page.go_back()
    expect(page.locator("#legend-day")).to_have_text("2025-04-11")
    opened.leave()


@pytest.mark.parametrize("phone", [False, True])
def test_a_summer_plays_on_the_heat_map(open_page: Open, sample_server: str, *, phone: bool) -> None:
    opened = open_page(sample_server, phone=phone)
    page = opened.go(f"/cases/heat?{SUMMER}")
    listed = told(sample_server, f"/cases?{SUMMER}&limit=1")
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(listed["total"]))
    until(page, f"() => ({DARK})() > 0")
    parts = {
        part: int(page.locator(f"[data-part={part}]").get_attribute("data-value") or -1)
        for part in ("shown", "hidden", "outside", "without_place")
    }
    assert sum(parts.values()) == listed["total"]
    assert parts["without_place"] == listed["without_place"]
    counts = page.locator("#areas td.count").evaluate_all("cells => cells.map((cell) => Number(cell.dataset.value))")
    assert sum(counts) == listed["total"]
    assert parts["shown"] > 0.9 * listed["total"]
    page.locator("#player-play").click()
    expect(page.locator("#player-told")).to_contain_text("2025-05")
    expect(page.locator("#player-told")).to_contain_text("2025-09", timeout=15_000)
    expect(page.locator("#player-play")).to_have_attribute("aria-pressed", "false", timeout=5_000)
    until(page, "() => location.search.includes('at=2025-09-01')")
    settle(page)
    opened.leave()


def test_filters_of_the_heat_map_stand_in_its_address(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go("/cases/heat?kind=rodent,fly&status=open")
    expect(page.locator("#kind option:checked")).to_contain_text("Rodents, Flies")
    page.select_option("#kind", "fly")
    fewer = told(sample_server, "/cases?kind=fly&status=open&limit=1")["total"]
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(fewer))
    assert "kind=fly" in page.url
    assert (page.locator("#to-list").get_attribute("href") or "").endswith("/cases?kind=fly&status=open")
    page.locator("#filters button[type=reset]").click()
    total = told(sample_server, "/cases?limit=1")["total"]
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(total))
    settle(page)
    opened.leave()


def test_each_frame_of_a_summer_is_its_list(open_page: Open, sample_server: str) -> None:
    """The keys step through the frames, and each has the number of the list that it leads to."""
    opened = open_page(sample_server)
    page = opened.go(f"/cases/heat?{SUMMER}")
    page.locator("#player-on").focus()
    for key, month in (
        ("ArrowRight", "2025-05"),
        ("ArrowRight", "2025-06"),
        ("End", "2025-09"),
        ("ArrowLeft", "2025-08"),
    ):
        page.keyboard.press(key)
        expect(page.locator("#player-told")).to_contain_text(month)
        address = page.locator("#to-list").get_attribute("href") or ""
        listed = told(sample_server, f"{address}&limit=1")["total"]
        expect(page.locator("#heat-total")).to_have_attribute("data-value", str(listed))
        expect(page.locator("#areas-period")).to_have_text(month)
        counts = page.locator("#areas td.count").evaluate_all("cells => cells.map((cell) => +cell.dataset.value)")
        assert sum(counts) == listed
        until(page, "at => location.search.includes(`at=${at}-01`)", month)
    settle(page)
    page.reload()
    expect(page.locator("#player-told")).to_contain_text("2025-08")
    page.locator("#to-list").click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(listed))
    first = page.locator("#cases tbody a").first
    first.click()
    expect(page.locator("[data-case]")).to_be_visible()
    page.locator("html[data-ready=true]").wait_for(state="attached")
    settle(page)
    page.locator(".back a").click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(listed))


def test_the_worst_group_is_shown_with_its_few_complaints(
    open_page: Open, chromium: Browser, sample_server: str
) -> None:
    """A click looks at the whole group with its outline; its rate says how much of it may be chance."""
    asked = "kind=rodent&from=2025-06-01&to=2025-09-01&by=group&sort=rate"
    opened = open_page(sample_server, browser=chromium)
    warnings: list[str] = []
    opened.page.on("console", lambda message: warnings.append(message.text))
    page = opened.go(f"/cases/heat?{asked}")
    areas = told(sample_server, f"/cases/heat?{asked.partition('&sort')[0]}")["areas"]
    worst = max((area for area in areas if area["rate"]), key=lambda area: (not area["is_uncertain"], area["rate"]))
    row = page.locator("#areas tbody tr").first
    expect(row).to_have_attribute("data-area", worst["code"])
    expect(row.locator(".residents")).to_have_text(f"{worst['residents']:,}")
    expect(row.locator(".rate")).to_contain_text(f"by chance alone {worst['interval'][0]:.1f}".removesuffix(".0"))
    row.get_by_role("button").click()
    within = """([west, south, east, north]) => {
        const view = map.getBounds();
        return view.contains([[south, west], [north, east]]) && map.getZoom() > 14.5;
    }"""
    until(page, within, worst["bbox"])
    settle(page)
    until(page, f"() => ({DARK})() > 0")
    assert int(page.locator("[data-part=shown]").get_attribute("data-value") or 0) >= worst["count"]
    assert page.evaluate(SHOWN, ["chosen-areas"]) > 0
    assert not [text for text in warnings if "willReadFrequently" in text]
    opened.leave()


def test_what_is_chosen_before_the_scripts_stand_is_kept(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/js/heat.js*", hold)
    page.goto(f"{sample_server}/cases/heat?kind=fly", wait_until="commit")
    page.fill("#from", "2025-06-01")
    page.fill("#until", "2025-08-31")
    page.select_option("#step", "week")
    while not held:
        page.wait_for_timeout(50)
    held[0].fallback()
    page.locator("html[data-ready=true]").wait_for(state="attached")
    listed = told(sample_server, "/cases?kind=fly&from=2025-06-01&to=2025-09-01&limit=1")["total"]
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(listed))
    expect(page.locator("#from")).to_have_value("2025-06-01")
    expect(page.locator("#until")).to_have_value("2025-08-31")
    expect(page.locator("#step")).to_have_value("week")
    assert "from=2025-06-01&to=2025-09-01&step=week" in page.url
    page.fill("#from", "2025-09-30")
    expect(page.locator("#notice")).to_contain_text("The first day lies after the last")
    opened.leave()


def test_the_list_of_complaints_ends_with_its_last_day(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server, phone=True, language="zh-CN")
    page = opened.go("/cases?kind=rodent")
    page.fill("#from", "2025-06-01")
    page.fill("#until", "2025-08-31")
    page.locator(".filters button[type=submit]").click()
    listed = told(sample_server, "/cases?kind=rodent&from=2025-06-01&to=2025-09-01&limit=1")["total"]
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(listed))
    expect(page.locator("#until")).to_have_value("2025-08-31")
    assert "to=2025-09-01" in (page.locator("a[rel=next]").get_attribute("href") or "")
    page.fill("#from", "2025-09-10")
    page.locator(".filters button[type=submit]").click()
    expect(page.locator("main .nothing")).to_have_text("第一天晚于最后一天。")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    opened.leave()


def test_an_address_of_the_heat_map_is_never_refused(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go("/cases/heat?kind=ghost&hour=99&from=2025-02-30&to=2025-10-01&at=never")
    expect(page.locator("#notice")).to_be_visible()
    listed = told(sample_server, "/cases?to=2025-10-01&limit=1")["total"]
    expect(page.locator("#heat-total")).to_have_attribute("data-value", str(listed))
    opened.leave()


def test_a_campaign_plays_its_days(open_page: Open, sample_server: str) -> None:
    """Also with reduced motion: whoever presses play wants it. The list is asked for once, when it stops."""
    opened = open_page(sample_server)
    opened.page.emulate_media(reduced_motion="reduce")
    page = opened.go(f"{SPRING}?kind=street-segments&on=2025-04-08")
    settle(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(WHILE_PLAYING)
    page.locator("#player-at").focus()
    page.keyboard.press(" ")
    expect(page.locator("#player-play")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#player-told")).to_contain_text("2025-04-11", timeout=60_000)
    expect(page.locator("#player-play")).to_have_attribute("aria-pressed", "false", timeout=30_000)
    settle(page)
    assert page.evaluate("seen") == [[True, "", "The list comes when the days stop."]] * 3
    expect(page.locator("#gaps ol")).to_be_visible()
    expect(page.locator("#gaps-count")).not_to_have_text("")
    expect(page.locator("#gaps .empty").last).to_be_hidden()
    assert [url.partition("on=")[2][:10] for url in asked if "/gaps?" in url] == ["2025-04-11"]
    days = [url.partition("on=")[2][:10] for url in asked if "/cover?" in url]
    assert days == ["2025-04-09", "2025-04-10", "2025-04-11"]
    assert "on=2025-04-11" in page.url
    figures = told(sample_server, "/campaigns/2025-spring-rodent/cover?on=2025-04-11")["kinds"]
    streets = next(kind for kind in figures if kind["kind"] == "street-segments")
    row = page.locator("#kinds tr[data-kind=street-segments] td").last
    expect(row).to_have_attribute("data-value", str(streets["effectiveness"]))
    opened.leave()


def test_the_search_of_a_campaign_opens_its_panel(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go(f"{SPRING}?on=2025-04-11")
    figures = told(sample_server, "/campaigns/2025-spring-rodent/cover?on=2025-04-11&by=community")["by"]
    area = next(one for one in figures if one["code"] == "QJ02")
    page.fill("#query", "QJ02")
    page.locator("#found [role=option]", has_text="Community").first.click()
    expect(page.locator("#panel-title")).to_have_text(area["name"])
    for kind in area["kinds"]:
        facts = page.locator(f"#panel [data-kind={kind['kind']}] dd")
        assert facts.count() == 1 + len(kind["states"])
    row = page.locator("#panel ol.rows [data-segment]").first
    segment = row.get_attribute("data-segment")
    lane = row.locator(".row-name").text_content() or ""
    row.click()
    expect(page.locator("#panel-title")).to_have_text(lane)
    assert f"select={segment}" in page.url
    page.fill("#query", lane)
    page.locator("#found [role=option]", has_text="Lane").first.click()
    until(page, "() => location.search.includes('select=lane:')")
    expect(page.locator("#panel h3.divider").first).to_contain_text("Left to do")
    settle(page)
    opened.leave()


def test_more_areas_of_a_campaign_come_when_they_are_asked_for(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.page
    page.route("**/cover?*", lambda route: route.continue_(url=route.request.url.replace("limit=100", "limit=30")))
    opened.go(f"{SPRING}?kind=street-segments&on=2025-04-11&by=group")
    groups = told(sample_server, "/campaigns/2025-spring-rodent/cover?on=2025-04-11&by=group")["by"]
    rows = page.locator("#areas tbody tr")
    for shown in (30, 60, len(groups)):
        expect(rows).to_have_count(shown)
        if shown < len(groups):
            page.click("#areas-more")
    expect(page.locator("#areas-more")).to_be_hidden()
    assert rows.evaluate_all("rows => rows.map((row) => row.dataset.area)") == [one["code"] or "" for one in groups]
    opened.leave()


def test_the_list_of_a_campaign_is_narrowed_and_taken_along(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go(f"{SPRING}?kind=street-segments&on=2025-04-11&left=locked")
    page.select_option("#within", "QJ05")
    query = "on=2025-04-11&kind=street-segments&reason=locked&community=QJ05"
    listed = told(sample_server, f"/campaigns/2025-spring-rodent/gaps?{query}")
    expect(page.locator("#gaps [data-segment]")).to_have_count(listed["total"])
    expect(page.locator("#gaps-count")).to_contain_text(str(listed["total"]))
    assert "left=locked&within=QJ05" in page.url
    with page.expect_download() as download:
        page.locator("#download").click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 1 + listed["total"]
    settle(page)
    page.locator(".nav > [data-page=table]").click()
    expect(page.locator("#kind option:checked")).to_have_attribute("value", "street-segments")
    whole = told(sample_server, "/campaigns/2025-spring-rodent/gaps?on=2025-04-11&kind=street-segments&limit=1")
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(whole["total"]))


def test_the_figures_of_the_start_page_are_those_that_they_lead_to(open_page: Open, sample_server: str) -> None:
    opened = open_page(sample_server)
    page = opened.go("/")
    read = "links => links.map((link) => [link.getAttribute('href'), link.textContent.trim()])"
    kinds = page.locator("section[aria-labelledby=complaints] tbody td:last-child a").evaluate_all(read)
    whole = page.locator("section[aria-labelledby=complaints] tfoot td:last-child a")
    assert sum(int(count) for _address, count in kinds) == int(whole.text_content() or 0)
    gaps = page.locator("section[aria-labelledby=communities] td a").evaluate_all(read)
    shares = page.locator("section[aria-labelledby=campaign] .campaign-kinds li").evaluate_all(
        "rows => rows.map((row) => ["
        "row.querySelector('a').getAttribute('href'), row.querySelector('[data-share=effectiveness] dd').textContent])"
    )
    assert kinds
    assert gaps
    assert shares
    for address, count in (kinds[0], kinds[-1]):
        page = opened.go(address)
        expect(page.locator("[data-total]")).to_have_attribute("data-total", count)
        page = opened.go(address.replace("/cases?", "/cases/heat?"))
        expect(page.locator("#heat-total")).to_have_attribute("data-value", count)
    for address, metres in gaps[:2]:
        page = opened.go(address)
        chosen = page.locator("#community option:checked").text_content() or ""
        row = page.locator("table.sums tr", has_text=chosen)
        assert row.locator("td").nth(2).text_content() == metres
        rows = page.locator("#pieces tbody tr")
        assert rows.count() == rows.and_(page.locator("[data-state=gap]")).count() > 0
    for address, share in shares:
        page = opened.go(address)
        kind = page.locator("#kind input:checked").get_attribute("value")
        expect(page.locator(f"#kinds tr[data-kind={kind}] td").last).to_have_text(share)
    opened.leave()


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_every_figure_of_the_start_page_leads_somewhere(open_page: Open, sample_server: str, language: str) -> None:
    opened = open_page(sample_server, phone=True, language=language)
    page = opened.go("/")
    for section in ("communities", "open-gaps", "campaign", "complaints"):
        expect(page.locator(f"section[aria-labelledby={section}]")).to_be_visible()
    fortnight = page.locator("[data-complaints]")
    total = fortnight.get_attribute("data-complaints")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    fortnight.click()
    expect(page.locator("#heat-total")).to_have_attribute("data-value", total or "")
    settle(page)
    opened.leave()
