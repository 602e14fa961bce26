"""Levels become orders to PID 1: only what changed, in shed order, refusals tried again."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from appliance.model import EnergyLevel, Stamp
from appliance.sections.cameras import CameraSettings
from appliance.sections.loads import GpuSettings, JetsonSettings, SwitchSettings
from appliance.settings import Settings
from power.act.loads import Actuator, escape, list_loads
from tests.stand_ins.fakes import START
from tests.stand_ins.orders import FakeHost
from tests.stand_ins.rig import make_bare_site

FULL, ECO, SENTINEL = EnergyLevel.FULL, EnergyLevel.ECO, EnergyLevel.SENTINEL
HIBERNATE, OFF = EnergyLevel.HIBERNATE, EnergyLevel.OFF


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def actuator(host: FakeHost) -> Actuator:
    return Actuator(host, make_site())


def make_site() -> Settings:
    """Two cameras of different levels, so that each has a unit of its own."""
    site = make_bare_site(["gate", "yard"], may_power_off=True)
    return replace(site, camera={**site.camera, "yard": CameraSettings(runs_from=HIBERNATE)})


def at(uptime_s: float) -> Stamp:
    return Stamp(START, "00000001", uptime_s)


START_ALL = [
    "start appliance-camera@yard",
    "start appliance-camera@gate",
    "start appliance-inference",
]
STOP_ALL = [
    "stop appliance-inference",
    "stop appliance-camera@gate",
    "stop appliance-camera@yard",
]


def test_the_units_of_a_site_stand_in_shed_order() -> None:
    assert [load.unit for load in list_loads(make_site())] == [
        order.split()[1] for order in STOP_ALL
    ]


def test_cameras_of_one_level_are_one_load_and_a_camera_alone_at_its_level_is_its_own() -> None:
    site = make_bare_site(["gate", "yard", "barn"], may_power_off=True)
    cameras = {**site.camera, "road": CameraSettings(runs_from=FULL)}
    loads = list_loads(replace(site, camera=cameras))
    assert [(load.unit, load.lowest) for load in loads[1:]] == [
        ("appliance-camera@road", FULL),
        ("appliance-cameras@sentinel", SENTINEL),
    ]


def test_alarms_are_received_where_a_camera_has_them_and_as_long_as_it_runs() -> None:
    with_alarms = CameraSettings(onvif="http://10.0.0.9/onvif", runs_from=ECO)
    site = Settings(camera={"gate": CameraSettings(), "yard": with_alarms})
    (hints,) = [load for load in list_loads(site) if load.unit == "appliance-hints"]
    assert hints.lowest == ECO
    order = [load.unit for load in list_loads(site)]
    assert order.index("appliance-inference") < order.index("appliance-hints")
    assert order.index("appliance-hints") < order.index("appliance-camera@yard")


def test_cameras_start_before_inference_and_stop_after_it(
    host: FakeHost, actuator: Actuator
) -> None:
    actuator.apply(EnergyLevel.FULL)
    assert host.new() == START_ALL
    actuator.apply(EnergyLevel.OFF)
    assert host.new() == STOP_ALL


def test_two_cycles_order_a_unit_only_once(host: FakeHost, actuator: Actuator) -> None:
    actuator.apply(EnergyLevel.FULL)
    host.new()
    actuator.apply(EnergyLevel.FULL)
    actuator.apply(EnergyLevel.ECO)
    assert host.new() == []


def test_only_what_changed_is_ordered(host: FakeHost, actuator: Actuator) -> None:
    actuator.apply(EnergyLevel.FULL)
    host.new()
    actuator.apply(EnergyLevel.SENTINEL)
    assert host.new() == ["stop appliance-inference"]


def test_the_first_use_also_stops_what_may_not_run(host: FakeHost, actuator: Actuator) -> None:
    actuator.apply(EnergyLevel.SENTINEL)
    assert host.new() == ["stop appliance-inference", *START_ALL[:2]]


def test_all_stops_of_a_cycle_are_one_order_before_all_starts(
    host: FakeHost, actuator: Actuator
) -> None:
    actuator.apply(EnergyLevel.OFF)
    assert host.commands == ["stop appliance-inference appliance-camera@gate appliance-camera@yard"]
    actuator.apply(EnergyLevel.SENTINEL)
    assert host.commands[1:] == ["start appliance-camera@yard appliance-camera@gate"]


def test_an_order_that_hangs_holds_up_no_other_and_is_given_again_when_it_was_ended(
    host: FakeHost, actuator: Actuator
) -> None:
    host.hangs = True
    actuator.apply(EnergyLevel.FULL)
    assert actuator.apply(EnergyLevel.OFF, may_power_off=lambda: True) == []
    assert host.commands[1:] == [" ".join(["stop", *(u.split()[1] for u in STOP_ALL)]), "poweroff"]
    start, *others = host.given
    assert start.cancelled  # lest it comes true after the stop
    for order in others:
        order.give_up()
    faults = actuator.apply(EnergyLevel.OFF, may_power_off=lambda: True)
    assert [str(fault).split("`")[1] for fault in faults] == host.commands[1:3]
    assert host.commands[3:] == host.commands[1:3]
    for order in host.given:
        order.hangs = False
    assert actuator.apply(EnergyLevel.OFF, may_power_off=lambda: True) == []
    assert len(host.commands) == 5


def test_units_of_an_order_that_was_called_back_and_that_should_still_run_are_started_anew(
    host: FakeHost, actuator: Actuator
) -> None:
    host.hangs = True
    actuator.apply(EnergyLevel.FULL)
    for _ in range(2):
        actuator.apply(EnergyLevel.SENTINEL)
    assert host.commands[1:] == [
        "stop appliance-inference",
        "start appliance-camera@yard appliance-camera@gate",
    ]


def test_a_refused_order_is_reported_and_tried_again_unit_by_unit(
    host: FakeHost, actuator: Actuator
) -> None:
    actuator.apply(EnergyLevel.FULL)
    host.new()
    host.refuses = {"stop appliance-inference"}
    refusals = actuator.apply(EnergyLevel.OFF)
    assert [str(error) for error in refusals] == [
        "PID 1 refused the order `stop appliance-inference`"
    ]
    assert host.new() == STOP_ALL[1:]
    actuator.apply(EnergyLevel.OFF)
    assert host.commands[-3:] == STOP_ALL
    host.new()
    for _ in range(3):
        assert len(actuator.apply(EnergyLevel.OFF)) == 1
    assert host.new() == []
    host.refuses = set()
    assert actuator.apply(EnergyLevel.OFF) == []
    assert host.new() == STOP_ALL[:1]


def test_power_off_comes_after_the_loads_and_once(host: FakeHost, actuator: Actuator) -> None:
    actuator.apply(EnergyLevel.OFF, may_power_off=lambda: True)
    actuator.apply(EnergyLevel.OFF, may_power_off=lambda: True)
    assert host.new() == [*STOP_ALL, "poweroff"]


def test_a_refused_power_off_is_tried_again(host: FakeHost, actuator: Actuator) -> None:
    host.refuses = {"poweroff"}
    assert len(actuator.apply(EnergyLevel.OFF, may_power_off=lambda: True)) == 1
    host.refuses = set()
    actuator.apply(EnergyLevel.OFF, may_power_off=lambda: True)
    assert host.new()[-1] == "poweroff"


def test_a_laptop_is_never_powered_off(host: FakeHost) -> None:
    Actuator(host, make_bare_site([], may_power_off=False)).apply(
        EnergyLevel.OFF, may_power_off=lambda: True
    )
    assert host.new() == ["stop appliance-inference"]


# --- a whole unit: switches, hosts, modes and limits --------------------------------------------

MODEM, SUPPLY = "appliance-switch@modem", "appliance-switch@supply"
HOST_1, HOST_2 = "appliance-switch@gpu-1", "appliance-switch@gpu-2"
GATE, YARD = "appliance-camera@gate", "appliance-camera@yard"
INFERENCE = "appliance-inference"
FULL_LIMIT, ECO_LIMIT = "appliance-gpu-limit@230", "appliance-gpu-limit@112.5"
FULL_MODE, ECO_MODE = "appliance-jetson-mode@MODE_30W", "appliance-jetson-mode@MODE_15W"
GPU_HOST = SwitchSettings(idle_w=60, full_w=290)


@pytest.fixture
def site() -> Settings:
    """A container: two cameras, of which one is an extra one, two supplies, two hosts, a card."""
    return replace(
        Settings(),
        camera={
            "gate": CameraSettings(runs_from=SENTINEL),
            "yard": CameraSettings(runs_from=FULL),
        },
        switch={
            "modem": SwitchSettings(runs_from=SENTINEL),
            "gpu-1": GPU_HOST,
            "supply": SwitchSettings(runs_from=SENTINEL),
            "gpu-2": GPU_HOST,
        },
        jetson=JetsonSettings(full_mode="MODE_30W", eco_mode="MODE_15W"),
        gpu=GpuSettings(full_limit_w=230, eco_limit_w=112.5),
    )


def starts(*units: str) -> list[str]:
    return [f"start {unit}" for unit in units]


def stops(*units: str) -> list[str]:
    return [f"stop {unit}" for unit in units]


def test_a_whole_unit_is_shed_hosts_first_and_supplies_last(site: Settings) -> None:
    order = [HOST_2, HOST_1, INFERENCE, YARD, GATE, SUPPLY, MODEM]
    assert [load.unit for load in list_loads(site)] == order


def test_everything_starts_in_the_reversed_order_and_modes_go_up_last(
    host: FakeHost, site: Settings
) -> None:
    Actuator(host, site).apply(FULL)
    everything = (MODEM, SUPPLY, GATE, YARD, INFERENCE, HOST_1, HOST_2)
    assert host.new() == starts(*everything, FULL_LIMIT, FULL_MODE)


def test_modes_go_down_before_anything_else_does(host: FakeHost, site: Settings) -> None:
    actuator = Actuator(host, site)
    actuator.apply(FULL)
    host.new()
    actuator.apply(ECO)
    assert host.new() == [*starts(ECO_LIMIT, ECO_MODE), *stops(YARD)]
    actuator.apply(SENTINEL)
    assert host.new() == stops(HOST_2, HOST_1, INFERENCE)
    actuator.apply(FULL)
    assert host.new()[-2:] == starts(FULL_LIMIT, FULL_MODE)


@pytest.mark.parametrize("level", [HIBERNATE, OFF])
def test_where_nothing_runs_no_mode_is_set(
    host: FakeHost, site: Settings, level: EnergyLevel
) -> None:
    """A mode may take a restart, and the driver of a card wakes it: no energy for either."""
    actuator = Actuator(host, site)
    actuator.apply(level, may_power_off=lambda: level == OFF)
    assert not [order for order in host.new() if "-mode@" in order or "-limit@" in order]
    actuator.apply(ECO)
    assert host.new()[:2] == starts(ECO_LIMIT, ECO_MODE)


def test_a_mode_is_ordered_once_and_anew_after_a_restart_of_the_service(
    host: FakeHost, site: Settings
) -> None:
    actuator = Actuator(host, site)
    for _ in range(3):
        actuator.apply(FULL)
    assert host.new().count(f"start {FULL_LIMIT}") == 1
    Actuator(host, site).apply(FULL)
    assert f"start {FULL_LIMIT}" in host.new()


def test_forgetting_orders_the_modes_anew_as_well(host: FakeHost, site: Settings) -> None:
    actuator = Actuator(host, site)
    actuator.apply(FULL)
    actuator.forget_orders()
    host.new()
    actuator.apply(FULL)
    assert host.new()[-2:] == starts(FULL_LIMIT, FULL_MODE)


def test_a_refused_mode_is_tried_again_and_holds_up_nothing(host: FakeHost, site: Settings) -> None:
    actuator = Actuator(host, site)
    actuator.apply(FULL)
    host.new()
    host.refuses = {f"start {ECO_LIMIT}"}
    assert len(actuator.apply(ECO)) == 1
    assert host.new() == [*starts(ECO_MODE), *stops(YARD)]
    host.refuses = set()
    assert actuator.apply(ECO) == []
    assert host.new() == starts(ECO_LIMIT)


def test_a_refused_mode_on_the_way_down_does_not_count_as_the_one_before(
    host: FakeHost, site: Settings
) -> None:
    """Who refused may have set half of it: back at FULL the mode is ordered again."""
    actuator = Actuator(host, site)
    actuator.apply(FULL)
    host.refuses = {f"start {ECO_MODE}"}
    actuator.apply(ECO)
    host.new()
    actuator.apply(FULL)
    assert f"start {FULL_MODE}" in host.new()


def test_settings_that_name_no_mode_leave_it_alone(host: FakeHost) -> None:
    Actuator(host, make_bare_site(["gate"], may_power_off=False)).apply(FULL)
    assert host.new() == starts(GATE, INFERENCE)


def test_hosts_follow_the_power_and_services_only_the_level(host: FakeHost, site: Settings) -> None:
    actuator = Actuator(host, site)
    actuator.apply(FULL, power_w=200.0, now=at(0.0))
    assert HOST_1 in " ".join(host.orders)
    assert f"stop {HOST_2}" in host.orders
    assert f"start {INFERENCE}" in host.new()
    actuator.apply(FULL, power_w=60.0, now=at(10.0))
    assert host.new() == stops(HOST_1)
    actuator.apply(FULL, power_w=600.0, now=at(20.0))
    assert host.new() == []
    actuator.apply(FULL, power_w=600.0, now=at(920.0))
    assert host.new() == []  # the second start of a day takes two hours, and the other waits for it
    actuator.apply(FULL, power_w=600.0, now=at(7220.0))
    assert host.new() == starts(HOST_1, HOST_2)


def test_forgetting_what_was_ordered_does_not_forget_which_hosts_are_on(
    host: FakeHost, site: Settings
) -> None:
    actuator = Actuator(host, site)
    actuator.apply(FULL, power_w=600.0, now=at(0.0))
    actuator.apply(FULL, power_w=60.0, now=at(10.0))
    actuator.forget_orders()
    host.new()
    actuator.apply(FULL, power_w=600.0, now=at(20.0))
    assert set(stops(HOST_2, HOST_1)) <= set(host.new())


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("MODE_30W", "MODE_30W"),
        ("MAXN SUPER", "MAXN\\x20SUPER"),
        ("15W-eco/x", "15W\\x2deco-x"),
        (".hidden", "\\x2ehidden"),
        ("30W\u00b5", "30W\\xc2\\xb5"),
    ],
)
def test_a_mode_is_named_as_systemd_escapes_it(text: str, escaped: str) -> None:
    assert escape(text) == escaped
    if shutil.which("systemd-escape"):
        done = subprocess.run(
            ["systemd-escape", "--", text], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == escaped
