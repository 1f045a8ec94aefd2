"""The pages at the top: on one line where there is room, folded where there is none, within reach of the keyboard."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Open


def test_pages_are_reached_by_keyboard_on_a_desk_and_by_finger_on_a_phone(open_page: Open, town_server: str) -> None:
    page = open_page(town_server).go("/people")
    expect(page.locator(".nav > [data-page=campaigns]")).to_be_visible()
    menu = page.locator(".menu summary")
    expect(menu).to_have_class("current")
    menu.press("Enter")
    expect(page.locator(".menu [data-page=people]")).to_have_attribute("aria-current", "page")
    expect(page.locator(".menu [data-page=campaigns]")).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator(".menu [data-page=people]")).to_be_hidden()
    expect(menu).to_be_focused()
    menu.press("Enter")
    page.mouse.click(700, 700)
    expect(page.locator(".menu [data-page=people]")).to_be_hidden()

    phone = open_page(town_server, phone=True).go("/people")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390, "nothing slides sideways"
    expect(phone.locator(".nav > a:visible")).to_have_count(0)
    phone.locator(".menu summary").tap()
    first = phone.locator(".menu [data-page=campaigns]")
    box = first.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    first.tap()
    expect(phone.locator(".menu summary")).to_contain_text("Campaigns")
