"""What the panel says of a gap, a person, a lane and a community, and what the search lists."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_map import SPRING, ask


def test_the_panel_of_a_gap_names_who_answers_for_its_ground(open_page: Open, town_server: str) -> None:
    opened = open_page(town_server)
    whole, part = ("S32", "S10")
    page = opened.go(f"{SPRING}&select={whole}")
    expect(page.locator("#panel .unheld .chain .name")).to_have_text(["李领导 (LD)", "王干部 (CD)"])
    page = opened.go(f"{SPRING}&select={part}")
    expect(page.locator("#panel .claim")).to_have_count(2)
    expect(page.locator("#panel .unheld .where")).to_contain_text("60–")
    page.locator("#panel .unheld .link", has_text="王干部").click()
    expect(page.locator("#panel-title")).to_have_text("王干部")
    page.locator("#panel [data-choice=C1]").click()
    expect(page.locator("#panel-title")).to_have_text("鼓楼社区")


def test_the_panel_of_a_person_shows_zones_and_who_is_above(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(f"{SPRING}&select=person:P1")
    expect(page.locator("#panel .facts")).to_contain_text("138****1234")
    expect(page.locator("#panel .chain .name")).to_have_text(["李领导 (LD)", "王干部 (CD)"])
    page.locator("#panel [data-choice=Z1]").click()
    expect(page.locator("#panel .facts .link")).to_have_text("张三 (P1)")


def test_the_panel_of_a_lane_goes_from_end_to_end(open_page: Open, town_server: str) -> None:
    lane = ask(town_server, "/api/v1/cover/along?duty=sweeping&on=2025-04-01&lane=L0")
    page = open_page(town_server).go("/map?duty=tanks&on=2025-04-01&select=lane:L0")
    runs = page.locator("#panel .run")
    expect(runs.locator(".run-state")).to_have_text(["Covered", "Overlap", "Covered"])
    expect(runs.nth(1).locator(".chips .link")).to_have_text(["张三 (P1)", "Zhang San (P2)", "一号责任区 (Z1)", "Z3"])
    codes = [piece["code"] for piece in lane["pieces"]]
    expect(page.locator("#panel .run .row-name")).to_have_text(codes)
    expect(page.locator("#panel .facts")).to_contain_text(f"{lane['total']:,.0f} m")


def test_the_panel_of_a_community_leads_to_its_groups_and_tables(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(f"{SPRING}&select=community:C1")
    expect(page.locator("#panel .chain .name")).to_have_text(["李领导 (LD)", "王干部 (CD)"])
    page.locator("#panel [data-choice=C1G2]").click()
    expect(page.locator("#panel .facts .link")).to_have_text("鼓楼社区 (C1)")
    page.locator("#panel .ways a", has_text="gaps").click()
    rows = ask(town_server, "/api/v1/cover/pieces?duty=sweeping&on=2025-04-01&group=C1G2&state=gap")["pieces"]
    expect(page.locator("#pieces tbody tr")).to_have_count(len(rows))


def test_the_search_says_that_more_fits(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go(SPRING)
    page.locator("#query").fill("2")
    answer = ask(town_server, "/api/v1/search?q=2&limit=12&on=2025-04-01")
    expect(page.locator("#found [role=option]")).to_have_count(len(answer["results"]))
    expect(page.locator("#found .found-none")).to_have_text(f"{answer['more']} more fit: write more of the name.")
    expect(page.locator("#found-told")).to_contain_text("more fit")
