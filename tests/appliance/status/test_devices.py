"""Each power device with all its values: what answers, what is old, what is wrong with it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from appliance.errors import BusError
from appliance.model import BatteryReading, Quality
from appliance.model_set_points import DeviceState, SetPoints
from appliance.model_sources import SourcePhase, SourceState
from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings
from appliance.settings import BmsSettings, ChargerSettings, Settings
from appliance.status.devices import describe_devices
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def site(settings: Settings) -> Settings:
    return replace(
        settings,
        charger={"roof": ChargerSettings(port="/dev/ttyUSB0", device_id=3)},
        bms={"pack": BmsSettings()},
        switch={"host": SwitchSettings(idle_w=60.0, full_w=300.0), "modem": SwitchSettings()},
        source={"honda": SourceSettings(switch="modem")},
    )


def state(clock: FakeClock, device: str, **more: Any) -> DeviceState:
    now = clock.stamp()
    return DeviceState(now, device, "model", 10, 1, measured_at=now.utc, **more)


def find(store: Store, site: Settings, title: str) -> dict[str, Any]:
    return next(one for one in describe_devices(store, site) if one["title"] == title)


def test_a_device_that_answers_has_its_values_with_quality_and_age(
    site: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("power")
    quality = {
        "battery_temperature_c": Quality.IMPLAUSIBLE,
        "yield_today_wh": Quality.STALE,
        "discharge_share": Quality.ABSENT,
    }
    store.add(
        state(
            clock,
            "charger roof",
            figures={"pv_power_w": 231.0, "absorption_v": 14.4},
            words={"charge_stage": "bulk"},
            quality=quality,
            ages_s={"pv_power_w": 41.0},
        ),
        SetPoints(clock.stamp(), "charger roof", "model", absorption_v=14.4, float_v=13.5),
    )
    found = find(store, site, "charger roof")
    assert (found["state"], found["fresh"]) == ("answers", True)
    assert (found["port"], found["address"]) == ("/dev/ttyUSB0", 3)
    values = {one["name"]: one for one in found["values"]}
    assert values["pv_power_w"] == {
        "name": "pv_power_w",
        "value": 231.0,
        "quality": "ok",
        "age_s": 41.0,
    }
    assert values["charge_stage"]["value"] == "bulk"
    assert values["battery_temperature_c"]["value"] is None
    assert values["battery_temperature_c"]["quality"] == "implausible"
    assert values["yield_today_wh"]["quality"] == "stale"
    assert found["not_given"] == ["discharge_share"]
    assert "absorption_v" not in values, "it stands with the set-points"
    assert found["set_points"] == [
        {"name": "absorption_v", "value": 14.4},
        {"name": "float_v", "value": 13.5},
    ]
    assert (found["polls"], found["failed_polls"]) == (10, 1)


def test_an_old_row_gives_no_value_at_all(
    site: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("power")
    store.add(state(clock, "charger roof", figures={"pv_power_w": 231.0}))
    clock.advance(200)
    found = find(store, site, "charger roof")
    assert (found["state"], found["fresh"], found["values"]) == ("old", False, [])
    assert found["at"] is not None


def test_a_silent_device_says_why_and_its_fault_what_to_do(
    site: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("power")
    error = BusError("charger roof: no answer; check the cable")
    error.code = "bus-charger-roof"
    store.raise_fault("power", error)
    failed = clock.stamp().utc - timedelta(seconds=5)
    store.add(
        state(
            clock, "charger roof", error="no answer", last_error="no answer", last_error_at=failed
        ),
        state(clock, "bms pack", error="no answer", waits=True),
    )
    found = find(store, site, "charger roof")
    assert (found["state"], found["error"]) == ("silent", "no answer")
    assert found["last_error_at"].startswith(f"{failed:%Y-%m-%dT%H:%M:%S}")
    assert [one["text"] for one in found["faults"]] == ["charger roof: no answer; check the cable"]
    pack = find(store, site, "bms pack")
    assert (pack["state"], pack["faults"]) == ("waits", [])


def test_a_device_that_never_reported_is_in_the_list(
    site: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    found = describe_devices(open_store("power"), site)
    assert [(one["title"], one["state"]) for one in found] == [
        ("charger roof", "never"),
        ("bms pack", "never"),
        ("source honda", "never"),
        ("switch host", "never"),
        ("switch modem", "never"),
    ]


def test_a_pack_shows_its_cells_only_while_they_are_of_now(
    site: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("power")
    cells = {"1": 3.3, "2": 3.5, "3": 3.3}
    store.add(
        BatteryReading(clock.stamp(), "pack", 13.3, cell_voltages_v=cells),
        state(clock, "bms pack", figures={"voltage_v": 13.3}),
    )
    found = find(store, site, "bms pack")
    assert [one["is_apart"] for one in found["cells"]] == [False, True, False]
    clock.advance(200)
    assert find(store, site, "bms pack")["cells"] is None


def test_switches_hosts_and_sources_stand_beside_the_devices(
    site: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("power")
    store.add(
        state(clock, "switch host", words={"ordered": "on"}),
        state(clock, "switch modem", words={"ordered": "off"}),
        SourceState(clock.stamp(), "honda", SourcePhase.OFF, starts=3, locked=True),
    )
    host, modem = find(store, site, "switch host"), find(store, site, "switch modem")
    assert (host["kind"], host["state"], host["watts"]) == ("host", "on", [60.0, 300.0])
    assert (modem["kind"], modem["state"], modem["level"]) == ("switch", "off", "ECO")
    honda = find(store, site, "source honda")
    assert honda["state"] == "locked"
    assert {"name": "starts", "value": 3, "quality": "ok", "age_s": 0.0} in honda["values"]


def test_a_password_in_an_error_is_not_shown(
    site: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    store = open_store("power")
    store.add(state(clock, "charger roof", error="rtsp://admin:hunter2@10.0.0.7 is silent"))
    assert "hunter2" not in str(find(store, site, "charger roof"))
