"""The step "power_devices": found by asking, written once, the power service never left stopped."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model_set_points import DeviceState
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from power.probe import PortReport
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps.power_devices import PowerDevicesStep
from provisioning.commissioning.unit import Unit
from tests.power.probe.probe_models import connect
from tests.provisioning.commissioning.charger import port, search
from tests.provisioning.commissioning.fakes import BusyClock, make_unit
from tests.waiting import wait_until

SERVICE = "appliance-power.service"
EXAMPLE = '[charger.main]\nmodel = "epever-tracer"\nport = "/dev/appliance/charger"\n'
SYSTEMCTL = """#!/bin/sh
echo "$@" >> {here}/orders
case "$*" in
  *show*) echo "ActiveState=$(cat {here}/active)" ;;
  *stop*) echo inactive > {here}/active ;;
  *start*) echo active > {here}/active ;;
esac
"""


def make_step(*ports: str) -> PowerDevicesStep:
    return PowerDevicesStep(list_ports=lambda: ports, search=search, answers_in_s=0.0)


def take(unit: Unit, step: PowerDevicesStep, **answers: object) -> Result:
    given = {"power_devices": Answers("power_devices", answers)}
    with Engine(unit, (step,), given) as engine:
        return engine.take(step)


def answer(unit: Unit, title: str, error: str = "") -> None:
    """The power service says how that device answers."""
    database = unit.settings().database
    database.parent.mkdir(exist_ok=True)
    if not database.exists():
        prepare_database(database)
    clock = SystemClock()
    store = Store(database, clock, writer="power")
    now = clock.stamp()
    figures = {"battery_voltage_v": 13.2}
    store.add(
        DeviceState(
            now, title, "epever-tracer", 9, 0, error=error, measured_at=now.utc, figures=figures
        )
    )
    store.close()


def test_a_found_device_takes_the_place_of_the_example_and_is_verified_by_its_readings(
    tmp_path: Path, port: str
) -> None:
    unit = make_unit(tmp_path, text=EXAMPLE)

    waits = take(unit, make_step(port))
    assert waits.outcome.status is Status.BLOCKED
    assert "no answer of charger main yet" in waits.outcome.reason
    answer(unit, "charger main")
    done = take(unit, make_step(port))

    assert (done.outcome.status, done.has_changed) == (Status.DONE, False)
    assert done.outcome.facts["charger main"]["battery_voltage_v"] == 13.2
    assert [(one.model, one.port) for one in unit.settings().charger.values()] == [
        ("epever-tracer", port)
    ]


def test_devices_that_answer_are_done_and_nothing_is_asked(tmp_path: Path) -> None:
    unit = make_unit(tmp_path, text=EXAMPLE)
    answer(unit, "charger main")

    def refuse(unit: Unit, ports: Sequence[str]) -> list[PortReport]:
        raise AssertionError

    assert take(unit, PowerDevicesStep(search=refuse)).outcome.status is Status.DONE


def test_a_silent_device_of_a_unit_that_worked_is_not_taken_away_unasked(
    tmp_path: Path, port: str
) -> None:
    unit = make_unit(tmp_path, text=EXAMPLE)
    answer(unit, "charger main")
    take(unit, make_step())
    answer(unit, "charger main", error="no reply")

    kept = PowerDevicesStep().check(unit, Answers("power_devices"))
    assert kept.status is Status.TO_DO
    plan_before = set(unit.settings().charger)
    outcome = make_step(port).apply(unit, Answers("power_devices"))

    assert outcome.status is Status.BLOCKED
    assert '[power_devices] remove = ["charger.main"]' in outcome.reason
    assert plan_before <= set(unit.settings().charger)
    make_step(port).apply(unit, Answers("power_devices", {"remove": ["charger.main"]}))
    assert [one.port for one in unit.settings().charger.values()] == [port]


def test_a_unit_without_an_adapter_is_told_to_plug_it_in(tmp_path: Path) -> None:
    found = take(make_unit(tmp_path), make_step())

    assert found.outcome.status is Status.BLOCKED
    assert "plug in the adapter" in found.outcome.reason


def test_a_port_on_which_nothing_answers_is_named_with_what_to_look_at(tmp_path: Path) -> None:
    with connect() as silent:
        found = take(make_unit(tmp_path), make_step(silent))

    assert found.outcome.status is Status.BLOCKED
    assert f"(asked: {silent})" in found.outcome.reason
    assert "whether the battery is connected" in found.outcome.reason


@pytest.mark.parametrize("wrong", [{"ports": "/dev/ttyUSB0"}, {"ports": []}, {"models": 3}])
def test_answers_of_another_kind_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(AnswerError, match="power_devices"):
        PowerDevicesStep().check(make_unit(tmp_path), Answers("power_devices", wrong))


def make_pid1(tmp_path: Path, state: str) -> None:
    (tmp_path / "systemctl").write_text(SYSTEMCTL.format(here=tmp_path))
    (tmp_path / "active").write_text(state)


def list_orders(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "orders").read_text().splitlines()
    return [one.removesuffix(SERVICE).split()[-1] for one in lines if "show" not in one]


HOLD = """
import sys
from pathlib import Path
from provisioning.commissioning.paused_service import paused
from tests.provisioning.commissioning.fakes import make_unit
directory = Path(sys.argv[1])
with paused(make_unit(directory), "appliance-power.service"):
    print((directory / "active").read_text().strip(), flush=True)
    sys.stdin.read()
"""

__all__ = ["port"]  # a fixture


def hold_power(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that has stopped the power service."""
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "inactive\n"
    return holder


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, None])
def test_the_power_service_runs_again_also_where_the_search_was_killed(
    tmp_path: Path, number: signal.Signals | None
) -> None:
    make_unit(tmp_path)
    make_pid1(tmp_path, "active")
    with hold_power(tmp_path) as holder:
        if number is not None:
            holder.send_signal(number)
        holder.communicate("")

    wait_until(lambda: "start" in list_orders(tmp_path), "the order to start")
    assert list_orders(tmp_path) == ["stop", "start"]


def test_a_power_service_that_did_not_run_is_not_started(tmp_path: Path) -> None:
    make_unit(tmp_path)
    make_pid1(tmp_path, "inactive")
    with hold_power(tmp_path) as holder:
        holder.communicate("")

    assert not list_orders(tmp_path)


def test_a_power_service_that_has_just_started_is_waited_for_and_not_stopped(
    tmp_path: Path,
) -> None:
    unit = make_unit(tmp_path, text=EXAMPLE)
    make_pid1(tmp_path, "active")
    asked: list[str] = []

    def wait_for_it(unit: Unit) -> Unit:
        return replace(unit, clock=BusyClock(lambda: answer(unit, "charger main")))

    def search_noted(unit: Unit, ports: Sequence[str]) -> list[PortReport]:
        asked.extend(ports)
        return []

    step = PowerDevicesStep(search=search_noted)
    found = take(wait_for_it(unit), step)

    assert (found.outcome.status, found.has_changed, asked) == (Status.DONE, False, [])
