"""The view of the settings and the editor of zones in a real Chromium: finger, mouse and keys."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from werkzeug.serving import make_server

from appliance import settings_file
from appliance.access.accounts import set_pin
from appliance.access.passwords import hash_secret
from appliance.clock import SystemClock
from appliance.store.prepare import prepare_database
from appliance.web.app import create_app
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.appliance.web.test_settings_view import APPLY, CAMERA
from tests.conftest import ROOT
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.playwright_browser import (
    READY,
    SIZES,
    list_violations,
)
from tests.stand_ins.technician import PIN, open_access

pytestmark = pytest.mark.browser
WIDER_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = make_rig(tmp_path, FakeClock())
    rig.path.write_text(f'{rig.text}{CAMERA}\n[bms.ada]\nport = "/dev/ttyUSB1"\n')
    words = {"python": sys.executable, "root": str(ROOT), "settings": str(rig.path)}
    program = APPLY.replace("subprocess.run(own", "subprocess.Popen(own").replace(
        ".returncode", ".pid * 0"
    )
    (tmp_path / "systemctl").write_text(program.format(log=str(rig.log), **words))
    return rig


@pytest.fixture
def address(rig: Rig) -> Iterator[str]:
    """The page of that unit, with a PIN."""
    settings = settings_file.load_settings(rig.path)
    prepare_database(settings.database)
    app = create_app(settings, SystemClock())
    set_pin(open_access(app), hash_secret(PIN))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def tab(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    size = getattr(request, "param", "desktop")
    context = chromium.new_context(viewport=SIZES[size], has_touch=True)
    page = context.new_page()
    problems: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if "Content Security" in said.text:
            problems.append(said.text)

    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", hear)
    yield page
    context.close()
    assert problems == []


def enter(tab: Page, address: str, path: str) -> None:
    """With the PIN, to a view."""
    tab.goto(f"{address}/pin?next={path}")
    tab.evaluate(f"fetch('/pin', {{method: 'POST', body: new URLSearchParams({{pin: '{PIN}'}})}})")
    tab.goto(f"{address}{path}")
    tab.wait_for_selector(READY)


def open_section(tab: Page, name: str) -> None:
    tab.locator(f'.section[data-name="{name}"] > summary').click()


def field(tab: Page, place: str) -> Any:
    return tab.locator(f'.field[data-place="{place}"]')


def apply(tab: Page) -> None:
    """From the preview to the end."""
    tab.locator("#change-apply").click()
    expect(tab.locator("#change-says")).to_contain_text("Done", timeout=30_000)
    tab.locator("#change-cancel").click()
    expect(tab.locator("#change")).to_have_count(0)


@pytest.mark.parametrize("tab", list(SIZES), indirect=True)
def test_a_setting_is_found_changed_previewed_and_applied_and_goes_back_with_one_tap(
    tab: Page, address: str, rig: Rig
) -> None:
    before = rig.text
    enter(tab, address, "/settings")
    tab.locator("#find").fill("power of the array")
    power = field(tab, "panels.peak_w")
    expect(power).to_contain_text("from 1 to 100000 · default: 600")
    expect(tab.locator("#found-says")).to_have_text("1 setting found")
    power.locator("input").fill("800")
    power.locator("input").press("Tab")
    expect(tab.locator("#unsaved-says")).to_have_text("1 unsaved change")
    assert list_violations(tab) == []
    tab.locator("#unsaved-show").click()
    dialog = tab.locator("#change")
    expect(dialog).to_contain_text("panels.peak_w")
    expect(dialog).to_contain_text("600 (default) → 800")
    expect(dialog).to_contain_text("the energy service")
    dialog.locator("summary").click()
    expect(dialog.locator(".lines .plus").last).to_have_text("+peak_w = 800")
    assert list_violations(tab) == []
    assert tab.evaluate(WIDER_PX) <= 0
    tab.locator("#change-why").fill("two more panels")
    apply(tab)
    assert "peak_w = 800" in rig.text
    expect(tab.locator("#past")).to_contain_text("Two more panels")
    expect(tab.locator("#unsaved")).to_be_hidden()

    tab.locator("#past button").click()
    apply(tab)
    assert rig.text == before


def test_a_wrong_value_is_shown_at_its_field_and_nothing_is_lost(
    tab: Page, address: str, rig: Rig
) -> None:
    before = rig.text
    enter(tab, address, "/settings")
    open_section(tab, "web")
    port = field(tab, "web.port").locator("input")
    port.fill("99999")
    port.press("Tab")
    tab.locator("#unsaved-show").click()
    expect(field(tab, "web.port").locator(".said")).to_contain_text("must be from 1 to 65535")
    expect(field(tab, "web.port").locator("input")).to_have_value("99999")
    assert rig.text == before


def test_what_somebody_else_changed_meanwhile_is_told_and_the_own_changes_stay(
    tab: Page, address: str, rig: Rig
) -> None:
    enter(tab, address, "/settings")
    open_section(tab, "unit")
    name = field(tab, "unit.name").locator("input")
    name.fill("shed")
    name.press("Tab")
    rig.path.write_text(rig.text.replace("10.0.0.2", "10.0.0.9"))
    tab.locator("#unsaved-show").click()
    expect(tab.locator("#form-says")).to_contain_text("Somebody else has changed the settings")
    expect(field(tab, "unit.name").locator("input")).to_have_value("shed")
    tab.locator("#unsaved-show").click()
    apply(tab)
    assert '"shed"' in rig.text
    assert "10.0.0.9" in rig.text


def test_a_change_that_could_lock_out_is_confirmed_on_the_page(
    tab: Page, address: str, rig: Rig
) -> None:
    enter(tab, address, "/settings")
    open_section(tab, "web")
    hosts = field(tab, "web.hosts").locator("textarea")
    hosts.fill("barn.example")
    hosts.press("Tab")
    tab.locator("#unsaved-show").click()
    expect(tab.locator("#change")).to_contain_text("taken back by itself")
    apply(tab)
    expect(tab.locator("#waiting-says")).to_contain_text("Change 1 of web.hosts")
    tab.locator("#waiting-keep").click()
    expect(tab.locator("#waiting")).to_be_hidden(timeout=30_000)
    expect(tab.locator("#past")).to_contain_text("confirmed")
    assert "barn.example" in rig.text


def test_a_change_of_the_battery_is_confirmed_before_it_stays(
    tab: Page, address: str, rig: Rig
) -> None:
    enter(tab, address, "/settings")
    open_section(tab, "battery")
    capacity = field(tab, "battery.capacity_wh").locator("input")
    capacity.fill("1280")
    capacity.press("Tab")
    tab.locator("#unsaved-show").click()
    expect(tab.locator("#change")).to_contain_text("taken back by itself")
    apply(tab)
    expect(tab.locator("#waiting-says")).to_contain_text("Change 1 of battery.capacity_wh")
    assert "capacity_wh = 1280" in rig.text


def test_entries_come_and_go_and_hostile_names_are_texts(tab: Page, address: str, rig: Rig) -> None:
    enter(tab, address, "/settings")
    open_section(tab, "bms")
    tab.get_by_label("New name under [bms]").fill(HOSTILE)
    tab.locator('.section[data-name="bms"] .add button').click()
    expect(tab.locator('.section[data-name="bms"] .add .said')).to_contain_text("A name has")
    tab.get_by_label("New name under [bms]").fill("bob")
    tab.locator('.section[data-name="bms"] .add button').click()
    bus = field(tab, "bms.bob.port").locator("input")
    bus.fill("/dev/ttyUSB2")
    bus.press("Tab")
    tab.get_by_role("button", name="Remove ada").click()
    expect(tab.locator("#unsaved-says")).to_have_text("2 unsaved changes")
    tab.reload()
    tab.wait_for_selector(READY)
    expect(tab.locator("#unsaved-says")).to_have_text("2 unsaved changes")
    tab.locator("#unsaved-show").click()
    apply(tab)
    assert '[bms.bob]\nport = "/dev/ttyUSB2"' in rig.text
    assert "ada" not in rig.text


def test_a_secret_is_never_in_the_page_and_can_be_replaced(
    tab: Page, address: str, rig: Rig
) -> None:
    enter(tab, address, "/settings")
    open_section(tab, "camera")
    source = field(tab, "camera.gate.source").locator("input")
    expect(source).to_have_attribute("placeholder", "rtsp://***@10.0.0.6/1")
    assert "s3cret" not in tab.content()
    source.fill("rtsp://admin:another@10.0.0.6/1")
    source.press("Tab")
    tab.locator("#unsaved-show").click()
    expect(tab.locator("#change .lines")).to_contain_text("***, another one")
    apply(tab)
    assert "s3cret" not in rig.text
    assert "admin:another@" in rig.text


# --- zones ---------------------------------------------------------------------------------------


def drag(tab: Page, corner: int, to: tuple[float, float]) -> None:
    """Pull a corner with the mouse to a place in fractions of the picture."""
    handle = tab.locator(f'.handle[data-corner="{corner}"]')
    handle.scroll_into_view_if_needed()
    box, stage = handle.bounding_box(), tab.locator("#stage").bounding_box()
    assert box
    assert stage
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(stage["x"] + 5, stage["y"] + 5, steps=3)
    x, y = stage["x"] + to[0] * stage["width"], stage["y"] + to[1] * stage["height"]
    tab.mouse.move(x, y, steps=3)
    tab.mouse.up()


@pytest.mark.parametrize("tab", list(SIZES), indirect=True)
def test_a_zone_is_drawn_named_previewed_and_applied(tab: Page, address: str, rig: Rig) -> None:
    enter(tab, address, "/cameras/gate/zones")
    tab.locator("#new-zone").click()
    drag(tab, 0, (0.1, 0.1))
    tab.locator("#shape-name").fill("door")
    tab.locator("#shape-name").press("Tab")
    tab.get_by_role("button", name="person", exact=True).click()
    small = tab.locator("button.handle").evaluate_all(
        "all => all.filter((one) => one.offsetWidth < 44 || one.offsetHeight < 44).length"
    )
    assert small == 0
    assert list_violations(tab) == []
    assert tab.evaluate(WIDER_PX) <= 0
    tab.locator("#save").click()
    apply(tab)
    added = settings_file.load_settings(rig.path).camera["gate"].zone["door"]
    assert added.polygon[0] == pytest.approx((0.1, 0.1), abs=0.01)
    assert added.polygon[1:] == ((0.7, 0.3), (0.7, 0.7), (0.3, 0.7))
    assert added.labels == ("person",)
    assert "[camera.gate.zone.door]\npolygon = [[0.1" in rig.text


def test_corners_are_moved_added_and_taken_away_with_the_keyboard(
    tab: Page, address: str, rig: Rig
) -> None:
    enter(tab, address, "/cameras/gate/zones")
    tab.get_by_role("button", name="Zone yard").click()
    first = tab.locator('.handle[data-corner="0"]')
    first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        tab.keyboard.press(key)
    expect(first).to_have_attribute(
        "aria-label", "Corner 1 of 3: 12 % from the left, 21 % from the top"
    )
    tab.locator("#corner-add").click()
    expect(tab.locator(".handle[data-corner]")).to_have_count(4)
    tab.locator('.handle[data-corner="1"]').focus()
    tab.keyboard.press("Delete")
    expect(tab.locator(".handle[data-corner]")).to_have_count(3)
    tab.locator("#undo").click()
    expect(tab.locator(".handle[data-corner]")).to_have_count(4)
    tab.locator("#undo").click()
    tab.locator("#save").click()
    expect(tab.locator("#change .change-list")).to_contain_text("camera.gate.zone.yard.polygon")
    apply(tab)
    polygon = settings_file.load_settings(rig.path).camera["gate"].zone["yard"].polygon
    assert polygon == ((0.12, 0.21), (0.9, 0.2), (0.5, 0.9))


def test_a_zone_that_crosses_itself_is_refused_in_words(tab: Page, address: str, rig: Rig) -> None:
    before = rig.text
    enter(tab, address, "/cameras/gate/zones")
    tab.locator("#new-zone").click()
    drag(tab, 0, (0.5, 0.85))
    tab.locator("#save").click()
    expect(tab.locator("#zones-says")).to_contain_text("crosses itself")
    assert rig.text == before


def test_lines_and_masks_are_drawn_as_well(tab: Page, address: str, rig: Rig) -> None:
    enter(tab, address, "/cameras/gate/zones")
    tab.locator("#new-privacy").click()
    tab.locator("#new-line").click()
    expect(tab.locator(".arrow")).to_have_count(2)
    field(tab, "camera.gate.line.line-1.direction").locator("select").select_option("to-left")
    expect(tab.locator(".arrow")).to_have_count(1)
    tab.locator("#save").click()
    apply(tab)
    camera = settings_file.load_settings(rig.path).camera["gate"]
    assert camera.privacy_masks == (((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)),)
    assert camera.line["line-1"].direction.value == "to-left"
    tab.get_by_role("button", name="Privacy mask privacy 1").click()
    tab.locator("#shape-gone").click()
    tab.locator("#save").click()
    apply(tab)
    assert settings_file.load_settings(rig.path).camera["gate"].privacy_masks == ()


def test_a_finger_moves_a_corner(tab: Page, address: str) -> None:
    enter(tab, address, "/cameras/gate/zones")
    tab.get_by_role("button", name="Zone yard").click()
    box = tab.locator('.handle[data-corner="2"]').bounding_box()
    assert box
    x, y = box["x"] + 24, box["y"] + 24
    session = tab.context.new_cdp_session(tab)
    for kind, at in (
        ("touchStart", 0),
        ("touchMove", -60),
        ("touchMove", -120),
        ("touchEnd", None),
    ):
        points = [] if at is None else [{"x": x, "y": y + at}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    moved = tab.locator('.handle[data-corner="2"]').bounding_box()
    assert moved
    assert moved["y"] == pytest.approx(box["y"] - 120, abs=3)
    expect(tab.locator("#undo")).to_be_enabled()
