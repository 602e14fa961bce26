"""The modem's supply: off while the link asks for it with fresh rows, never on below its level."""

from dataclasses import replace

import pytest

from appliance.log import SentenceLog
from appliance.model import EnergyLevel
from appliance.model_updates import LinkPhase, LinkState
from appliance.process.service import Service
from appliance.sections.link import LinkSettings
from appliance.sections.loads import SwitchSettings
from appliance.settings import Settings
from power.act.link_switch import LinkSwitch, LinkSwitchReport
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.waiting import wait_until

ECO = EnergyLevel.ECO


class Site:
    """A power service with a modem behind a switch."""

    def __init__(self, settings: Settings, clock: FakeClock, open_store: OpenStore) -> None:
        link = LinkSettings(enabled=True, switch="modem")
        switch = {"modem": SwitchSettings(runs_from=EnergyLevel.SENTINEL)}
        own = replace(settings, link=link, switch=switch)
        self.clock, self.sensors = clock, open_store("sensors")
        self.power = Service("power", own, clock, open_store("power"), SentenceLog("power"))
        self.part = LinkSwitch(own, self.power.recorder)

    def tell(self, *, off: bool) -> None:
        row = LinkState(self.clock.stamp(), LinkPhase.OFF, "off: SENTINEL", supply_off=off)
        self.sensors.add(row)

    def follow(self, level: EnergyLevel = ECO, *, off: bool | None = None) -> LinkSwitchReport:
        """One cycle after what was told has been read."""
        self.clock.advance(15)
        if off is not None:
            self.tell(off=off)
        self.power.recorder.refresh()
        state = self.part._state
        assert state is not None
        if off is not None:
            wait_until(lambda: state.value is not None and state.value.supply_off is off, "the row")
        return self.part.follow(level, self.clock.stamp())


@pytest.fixture
def site(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Site:
    return Site(settings, clock, open_store)


def test_it_is_off_while_the_link_asks_for_it_and_each_change_is_a_row(site: Site) -> None:
    off = site.follow(off=True)
    assert off.off == {"modem"}
    assert [(one.runs, one.reason) for one in off.rows] == [(False, "off: SENTINEL")]
    assert site.follow(off=True).rows == ()
    on = site.follow(off=False)
    assert (on.off, [one.runs for one in on.rows]) == (frozenset(), [True])


def test_a_row_that_is_not_fresh_leaves_it_to_its_level(site: Site) -> None:
    assert site.follow(off=True).off == {"modem"}
    site.clock.advance(181)
    assert site.part.follow(ECO, site.clock.stamp()).off == frozenset()
    site.follow(off=True)
    site.clock.reboot()
    assert site.part.follow(ECO, site.clock.stamp()).off == frozenset()


def test_below_its_level_nothing_is_told_of_it(site: Site) -> None:
    site.follow(EnergyLevel.HIBERNATE, off=True)
    assert site.follow(EnergyLevel.HIBERNATE, off=False).rows == ()


def test_a_unit_without_a_link_reads_nothing(settings: Settings, site: Site) -> None:
    part = LinkSwitch(settings, site.power.recorder)
    assert part._state is None
    assert part.follow(ECO, site.clock.stamp()) == LinkSwitchReport()
