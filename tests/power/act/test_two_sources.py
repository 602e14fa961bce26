"""Two second sources on one battery, the first of which has no fuel."""

from dataclasses import dataclass, field, replace

import pytest

from appliance.model import BatteryState, EnergyLevel, PowerReading
from appliance.model_sources import SourceState
from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings, SourceStart
from appliance.settings import BmsSettings, Settings
from power.act.sources import Sources, SourceSituation
from power.guard.observations import GuardState
from tests.stand_ins.fakes import FakeClock

SOURCE = SourceSettings(switch="first", power_w=400, starts_by=SourceStart.NEVER, rest_s=900)


@dataclass
class Site:
    """One battery; only the sources in `good` give power."""

    settings: Settings
    clock: FakeClock
    charge_pct: float = 8.0
    good: set[str] = field(default_factory=lambda: {"second"})
    on: dict[str, bool] = field(default_factory=dict)
    most_on: int = 0
    states: dict[str, SourceState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sources = Sources(self.settings)

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds / 10)):
            self.clock.advance(10)
            report = self.sources.follow(self._look())
            self.on = dict(report.switches)
            self.most_on = max(self.most_on, sum(self.on.values()))
            self.states.update({one.source: one for one in report.rows})

    def state(self, name: str) -> SourceState:
        return self.states[name]

    def _look(self) -> SourceSituation:
        now = self.clock.stamp()
        gives = any(on and name in self.good for name, on in self.on.items())
        amps = 30.0 if gives else -0.4
        self.charge_pct += amps * 10 / 3600 / 200 * 100
        reading = PowerReading(now, "test", 0.0, 0.0, 13.0, amps, 20.0, 3.0, None, None)
        wh = 25.6 * self.charge_pct
        battery = BatteryState(
            now, self.charge_pct, 1.0, wh, 2560, None, charge_blocked=False, method="counted"
        )
        return SourceSituation(
            now=now,
            battery=battery,
            reading=reading,
            guard=GuardState(),
            level=EnergyLevel.HIBERNATE,
            reserve_wh=0.0,
        )


@pytest.fixture
def site(settings: Settings, clock: FakeClock) -> Site:
    two = {"a": SOURCE, "b": replace(SOURCE, switch="second")}
    switches = {"first": SwitchSettings(), "second": SwitchSettings()}
    settings = replace(settings, source=two, switch=switches, bms={"pack": BmsSettings()})
    return Site(settings, clock)


def test_the_second_goes_on_alone_though_the_first_has_rested(site: Site) -> None:
    """Together, the power of the one would be counted as that of the other as well."""
    site.pass_time(3000)
    assert site.most_on == 1
    assert (site.state("a").failures, site.state("a").energy_wh) == (1, 0.0)
    assert site.state("b").energy_wh > 250


def test_a_test_run_of_the_other_waits_for_the_one_that_runs(site: Site) -> None:
    tested = replace(SOURCE, test_every_days=0.02)
    sources = {"a": tested, "b": site.settings.source["b"]}
    site.settings = replace(site.settings, source=sources)
    site.sources = Sources(site.settings)
    site.pass_time(3000)
    assert site.most_on == 1
