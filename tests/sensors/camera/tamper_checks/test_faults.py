"""A camera that shows nothing is a fault in words, and a time in which nothing was watched."""

from dataclasses import replace

import pytest

from appliance.model import EnergyLevel
from appliance.model_cameras import CameraCoverage, Watching
from sensors.camera.tamper_checks.checks import Tamper, TamperKind, Trouble
from tests.scenes.filled import reading
from tests.sensors.camera.camera_bench import Bench


@pytest.fixture
def tamper(bench: Bench) -> Tamper:
    made = Tamper()
    bench.feed._parts = replace(bench.feed._parts, tamper=made)
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(3)
    return made


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (TamperKind.COVERED, "seems covered since Wed 15 Apr 02:00: seen so; look at its lens"),
        (TamperKind.MOVED, "seems to have been moved"),
        (TamperKind.FROZEN, "switch its supply off and on"),
        (TamperKind.BLURRED, "clean its lens"),
    ],
)
def test_what_is_wrong_with_a_view_is_told_with_what_to_do(
    bench: Bench, tamper: Tamper, kind: TamperKind, says: str
) -> None:
    tamper.trouble = Trouble(kind, bench.clock.media_s(), "seen so")
    bench.run_cycles(5)
    [fault] = bench.store.list_open_faults()
    assert (fault.code, fault.source) == (kind.value, "camera@front")
    assert says in fault.text
    bench.camera_cycle.finish()
    assert bench.store.rows(CameraCoverage)[-1].watching is Watching.BLIND
    tamper.trouble = None
    bench.run_cycles(2)
    assert bench.store.list_open_faults() == []


def test_the_sun_is_that_of_panels_or_of_a_confirmed_clock(bench: Bench, tamper: Tamper) -> None:
    seen = [tamper.is_day]  # nobody has confirmed this clock
    bench.clock.synchronized = True
    bench.run_cycles(61)
    seen.append(tamper.is_day)  # two o'clock UTC in April
    bench.power.add(replace(reading(bench.clock.stamp()), pv_power_w=60.0))
    bench.run_cycles(59)
    bench.power.add(replace(reading(bench.clock.stamp()), pv_power_w=60.0))
    bench.run_cycles(2)
    assert [*seen, tamper.is_day] == [None, False, True]
