"""A heater in the whole power cycle: nobody would switch it off while the unit sleeps."""

from dataclasses import replace

from appliance.model import EnergyLevel
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.settings import Settings
from power.reading.meters import Poll
from tests.conftest import OpenStore
from tests.power.test_cycle_sources import Engine, Site
from tests.stand_ins.fakes import FakeClock

FROST = SwitchSettings(runs_when=RunsWhen.FROST, idle_w=5.0, runs_from=EnergyLevel.HIBERNATE)


class ColdMeter(Engine):
    """With a probe that shows `celsius`."""

    celsius = -9.0

    def read(self) -> Poll:
        poll = super().read()
        assert poll.reading is not None
        return replace(poll, reading=replace(poll.reading, battery_temperature_c=self.celsius))


def test_a_unit_whose_heater_is_on_does_not_go_to_sleep(
    clock: FakeClock, settings: Settings, open_store: OpenStore
) -> None:
    site = Site(clock, replace(settings, switch={"frost": FROST}, source={}), open_store)
    site.meter = meter = ColdMeter(clock, orders=site.host.orders)
    meter.volts = 12.9
    site.begin(14)
    for _ in range(30):
        clock.advance(10)
        site.service.run_once(site.cycle)
    assert "start appliance-switch@frost" in site.host.orders
    assert site.sleep.levels == []
    meter.celsius = 20.0
    for _ in range(200):
        clock.advance(10)
        site.service.run_once(site.cycle)
    assert site.host.orders[-1] == "stop appliance-switch@frost"
    assert site.sleep.levels[-1] is EnergyLevel.HIBERNATE
