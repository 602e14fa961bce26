"""An alarm as an action in the whole power cycle: the row of a siren, the order, the answer."""

from dataclasses import replace

import pytest

from appliance.alarms.channels.switch_requests import find_switch_answer, make_switch_request
from appliance.model import EnergyBudget
from appliance.model_alarms import AlarmSwitch
from appliance.model_cameras import InferenceRun, SwitchOrder
from appliance.sections.alarms import ChannelKind, ChannelSettings
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.settings import Settings
from power.act import camera_switches
from tests.conftest import OpenStore
from tests.power.test_cycle_cameras import ordered, run
from tests.power.test_cycle_sources import Site
from tests.stand_ins.fakes import FakeClock

SIREN = SwitchSettings(runs_when=RunsWhen.ALARM, idle_w=2.0)
CHANNEL = ChannelSettings(kind=ChannelKind.SWITCH, switch="siren", on_s=60.0)


@pytest.fixture
def site(
    clock: FakeClock,
    settings: Settings,
    open_store: OpenStore,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    for name in ("EVENTS_EVERY_S", "CAMERAS_EVERY_S"):  # real seconds pass for the recorder
        monkeypatch.setattr(camera_switches, name, 0.0)
    made = Site(clock, replace(settings, camera={}, switch={"siren": SIREN}, source={}), open_store)
    made.begin(90)
    run(made, 120)
    return made


def ask(site: Site, number: int) -> AlarmSwitch:
    now = site.clock.stamp()
    request = make_switch_request(f"alarm-{number}", CHANNEL, now=now, reason="person at the gate")
    site.open_store("alarm").add(request)
    return request


def test_an_alarm_sounds_the_siren_and_finds_its_answer(site: Site) -> None:
    request = ask(site, 1)
    run(site, 20)
    assert ordered(site, "siren")[-1].startswith("start")
    answer = find_switch_answer(request, site.store.rows(SwitchOrder), site.clock.stamp())
    assert answer is not None
    assert answer.sent
    run(site, 60)
    assert ordered(site, "siren")[-1].startswith("stop")


def test_a_killed_power_service_begins_the_siren_no_second_time(site: Site) -> None:
    ask(site, 1)
    run(site, 10)
    assert ordered(site, "siren")[-1].startswith("start")
    site.begin(90, boot=False)  # nothing was finished: kill -9, and PID 1 starts it again
    run(site, 20)
    assert ordered(site, "siren")[-1].startswith("stop")
    ask(site, 2)
    run(site, 10)
    assert ordered(site, "siren")[-1].startswith("start")


def test_inference_that_uses_all_of_the_budget_silences_no_siren(site: Site) -> None:
    budget = site.store.last(EnergyBudget)
    assert budget is not None
    run_of_inference = InferenceRun(
        stamp=site.clock.stamp(),
        duration_s=60.0,
        frames=60,
        frames_skipped=0,
        energy_wh=budget.power_w / 60,
        energy_measured=True,
        power_w=budget.power_w,
        provider="CPUExecutionProvider",
        model_digest="0" * 64,
    )
    site.open_store("inference").add(run_of_inference)
    run(site, 60)
    ask(site, 1)
    run(site, 20)
    assert ordered(site, "siren")[-1].startswith("start")
