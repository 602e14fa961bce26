"""The power service: `python -m power`. Meter, estimator, guard, planner and orders, in one loop.

Reads and writes: see power/cycle.py.
Never: holds a rule; it only wires.
"""

from appliance.clock import SystemClock
from appliance.errors import SettingsError
from appliance.model import EnergyPolicy
from appliance.model_sources import SourcePolicy
from appliance.process import service
from appliance.process.host import Host
from appliance.process.recorder import Followed
from appliance.process.rtc import Rtc
from appliance.settings import Follows, Settings
from power.act.heaters import Heaters
from power.act.loads import Actuator
from power.act.sources import Sources
from power.cycle import PowerCycle
from power.plan.heater_planner import HeaterPlanner
from power.plan.ladder import Ladder, Planner
from power.plan.policy_planner import FETCH_EVERY_S, PolicyPlanner
from power.plan.source_planner import SourcePlanner
from power.plan.source_policy import PolicyChoice
from power.reading.meters import open_meters
from power.reading.named_devices import find_errors
from power.sleep.controller import SleepController

SourceRow = Followed[SourcePolicy] | None


def follow_source_policy(unit: service.Service) -> SourceRow:
    """The plan that counts on second sources, where the settings want a plan and have any."""
    if unit.settings.energy.follows is Follows.LADDER or not unit.settings.source:
        return None
    return unit.recorder.follow(
        "the newest source_policy", lambda store: store.last(SourcePolicy), FETCH_EVERY_S
    )


def make_sources(unit: service.Service, policy: SourceRow) -> Sources:
    """The second sources of the settings, with the plan that starts them."""
    if policy is None:
        return Sources(unit.settings)
    return Sources(unit.settings, SourcePlanner(unit.settings, lambda: policy.value).decide)


def make_heaters(unit: service.Service) -> Heaters:
    """The heaters of the settings, with the plan that counts what the sun will charge."""
    if unit.settings.energy.follows is Follows.LADDER or not unit.settings.decided_switches:
        return Heaters(unit.settings)
    policy = unit.recorder.follow(
        "the newest energy_policy for heaters",
        lambda store: store.last(EnergyPolicy),
        FETCH_EVERY_S,
    )
    return Heaters(unit.settings, HeaterPlanner(unit.settings, lambda: policy.value).decide)


def choose_planner(unit: service.Service, sources: Sources, with_sources: SourceRow) -> Planner:
    """The planner that the settings want: the policy, or the ladder alone."""
    if unit.settings.energy.follows is Follows.LADDER:
        return Ladder(unit.settings)

    policy = unit.recorder.follow(
        "the newest energy_policy", lambda store: store.last(EnergyPolicy), FETCH_EVERY_S
    )
    choice = PolicyChoice(
        lambda: policy.value,
        lambda: None if with_sources is None else with_sources.value,
        sources.is_reliable,
    )
    return PolicyPlanner(unit.settings, choice.get_policy, get_income_w=lambda: sources.income_w)


def list_errors(settings: Settings) -> list[str]:
    """What this service refuses in settings that are well-formed; nothing is opened."""
    errors = [one.format(settings) for one in find_errors(settings)]
    if not errors:
        try:
            open_meters(settings, SystemClock())
        except SettingsError as error:
            return [str(error)]
    return errors


def assemble(unit: service.Service) -> service.Loop:
    """Settings -> parts -> the loop."""
    settings = unit.settings
    host = Host(settings.host.systemctl)
    sleep = SleepController(unit, host, Rtc(settings.host.rtc, settings.host.sleep))
    policy = follow_source_policy(unit)
    sources = make_sources(unit, policy)
    cycle = PowerCycle(
        service=unit,
        meter=open_meters(settings, unit.clock),
        planner=choose_planner(unit, sources, policy),
        actuator=Actuator(host, settings),
        sleep=sleep,
        sources=sources,
        heaters=make_heaters(unit),
    )

    def finish() -> None:
        sleep.finish()
        cycle.finish()

    return service.Loop(cycle, every_s=cycle.choose_period_s, finish=finish)


if __name__ == "__main__":
    service.main("power", assemble, waits_for_store=False, find_errors=list_errors)
