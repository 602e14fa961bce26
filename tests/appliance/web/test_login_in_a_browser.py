"""The PIN by finger, the login by keyboard and the sentence of a lock-out, in a real browser."""

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.access.accounts import add_account, set_pin
from appliance.access.attempts import forget_all
from appliance.access.database import AccessFile
from appliance.access.passwords import hash_secret
from appliance.access.roles import Role
from appliance.clock import SystemClock
from appliance.store.store import Store
from tests.scenes import filled
from tests.stand_ins.playwright_browser import (
    READY,
    SIZES,
    list_violations,
)
from tests.stand_ins.technician import PASSWORD, PIN

pytestmark = pytest.mark.browser
KIOSK = SIZES["kiosk"]
ORDER = """async () => {
    const address = document.querySelector('link[href$="/link.js"]').href;
    const link = await import(address);
    return link.post("/api/alarms/all/acknowledge", {}).catch((error) => error.message);
}"""
KEPT = """async () => {
    const link = await import(document.querySelector('link[href$="/link.js"]').href);
    return link.takeUnsent("/api/alarms/all/acknowledge");
}"""
SMALL = """[...document.querySelectorAll("#keypad button")]
    .filter((key) => key.getBoundingClientRect().height < 60).length"""


@pytest.fixture
def file(power: Store) -> AccessFile:
    filled.fill(lambda writer: Store(power.path, power.clock, writer))
    found = AccessFile(power.path.parent / "access" / "access.db", SystemClock())
    set_pin(found, hash_secret(PIN))
    add_account(found, "anna", Role.TECHNICIAN, hash_secret(PASSWORD))
    return found


@pytest.fixture
def tab(
    chromium: Browser, server: subprocess.Popen[str], file: AccessFile, port: int
) -> Iterator[Page]:
    context = chromium.new_context(
        viewport=KIOSK, has_touch=True, base_url=f"http://127.0.0.1:{port}"
    )
    yield context.new_page()
    context.close()


def tap(tab: Page, pin: str) -> None:
    """Enter a PIN with fingers."""
    for digit in pin:
        tab.tap(f'[data-digit="{digit}"]')
    tab.tap(".key.enter")


def test_fingers_enter_the_pin_and_are_led_back(tab: Page) -> None:
    tab.goto("/energy")
    tab.tap("#to-login")
    expect(tab).to_have_url("/pin?next=/energy")
    assert tab.evaluate(SMALL) == 0
    tap(tab, PIN[:-1] + "9")
    expect(tab.locator("#reason")).to_have_text("This is not the PIN.")
    tab.tap('[data-digit="1"]')
    tab.tap("#erase")
    tap(tab, PIN)
    expect(tab).to_have_url("/energy")
    expect(tab.locator("footer")).to_contain_text("Logged in: touchscreen")
    tab.tap("#logout")
    expect(tab.locator("#to-login")).to_be_visible()


def test_an_order_of_nobody_leads_to_the_pin_and_what_was_typed_is_kept(
    tab: Page, power: Store
) -> None:
    tab.goto("/energy")
    tab.wait_for_selector(READY)
    with tab.expect_navigation(url="**/pin?next=/energy"):
        tab.evaluate(f"() => {{ ({ORDER})(); }}")
    tap(tab, PIN)
    expect(tab).to_have_url("/energy")
    assert tab.evaluate(KEPT) == {}
    assert tab.evaluate(KEPT) is None
    assert tab.evaluate(ORDER) == {"stored": True}


def test_who_looks_on_after_his_login_has_ended_is_told_and_led_back_to_it(tab: Page) -> None:
    tab.goto("/energy")
    tab.wait_for_selector(READY)
    ended = {"reason": "log in first; a script sends a token"}
    tab.route("**/api/status", lambda route: route.fulfill(status=401, json=ended))
    expect(tab.locator("#link-text")).to_contain_text("Your login has ended.", timeout=30_000)
    expect(tab.locator("#link")).not_to_contain_text("script")
    expect(tab.locator("#link-login")).to_have_attribute("href", "/login?next=%2Fenergy")
    tab.unroute("**/api/status")
    expect(tab.locator("#link")).to_be_hidden(timeout=30_000)


def test_a_page_that_is_older_than_the_login_orders_all_the_same(tab: Page) -> None:
    tab.goto("/energy")
    tab.wait_for_selector(READY)
    beside = tab.context.new_page()
    beside.goto("/pin")
    tap(beside, PIN)
    expect(beside.locator("#logout")).to_be_visible()
    assert tab.evaluate(ORDER) == {"stored": True}


def test_too_many_wrong_pins_tell_how_long_and_what_to_do(tab: Page, file: AccessFile) -> None:
    tab.goto("/pin")
    for _ in range(10):
        tap(tab, "000000")
        expect(tab.locator("#reason")).to_be_visible()
    expect(tab.locator("#reason")).to_contain_text("The next one is taken in")
    expect(tab.locator("#reason")).to_contain_text("sudo unitctl access unlock")
    assert list_violations(tab) == []
    forget_all(file)
    tap(tab, PIN)
    expect(tab.locator("#logout")).to_be_visible()


def test_a_name_and_a_password_are_typed_with_a_keyboard(tab: Page) -> None:
    tab.goto("/pin")
    tab.get_by_text("Log in with a name instead").click()
    tab.fill("#name", "anna")
    tab.fill("#password", PASSWORD)
    tab.press("#password", "Enter")
    expect(tab.locator("footer")).to_contain_text("Logged in: anna")


@pytest.mark.parametrize("path", ["/pin", "/login?name"])
def test_the_login_can_be_used_without_seeing_it(chromium: Browser, tab: Page, path: str) -> None:
    for size in SIZES.values():
        tab.set_viewport_size(size)
        tab.goto(path)
        assert list_violations(tab) == []
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert tab.evaluate(wider) <= 0


def test_without_scripts_the_pin_is_entered_by_keyboard(
    chromium: Browser, tab: Page, port: int
) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=f"http://127.0.0.1:{port}")
    plain = context.new_page()
    plain.goto("/pin")
    plain.fill("#pin", PIN)
    plain.press("#pin", "Enter")
    expect(plain.locator("#logout")).to_be_visible()
    context.close()
