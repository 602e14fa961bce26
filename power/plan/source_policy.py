"""The policy that counts on second sources: as it is stored, and as the power service follows it.

    choice = PolicyChoice(fetch_sun_policy, fetch_source_policy, sources.is_reliable)
    choice.get_policy()     # for the planner

Reads and writes: nothing; pure.
Never: counts on a source that has failed, is locked or has no fuel left: then the policy of the sun
alone holds, from the next cycle on.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from appliance.model import EnergyPolicy
from appliance.model_sources import SourcePolicy
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings

# The policy's fact: by how much the price of fuel was raised, so that it lasts; as a share of what
# a kWh is worth that runs everything.
RISE = "price_rise"
# Two policies of one run are told apart by their times.
APART = timedelta(milliseconds=1)


def raise_price(source: SourceSettings, settings: Settings, rise: float) -> SourceSettings:
    """The source with the price at which its fuel lasts; also where fuel costs nothing."""
    energy = settings.energy
    most_per_kwh = energy.worth_of_full_hour / (energy.full_power_w / 1000)
    return replace(source, cost_per_kwh=source.cost_per_kwh + rise * most_per_kwh)


def count_on_sources(policy: EnergyPolicy, sources: Iterable[str]) -> SourcePolicy:
    """The row of a policy that was solved with these sources."""
    return SourcePolicy(
        stamp=policy.stamp,
        starts=policy.starts,
        ends=policy.ends,
        facts=policy.facts,
        worth=policy.worth,
        reason=policy.reason,
        sources=" ".join(sources),
    )


def to_policy(row: SourcePolicy) -> EnergyPolicy:
    """The same as any policy."""
    return EnergyPolicy(
        stamp=replace(row.stamp, utc=row.stamp.utc + APART),
        starts=row.starts,
        ends=row.ends,
        facts=row.facts,
        worth=row.worth,
        reason=row.reason,
    )


class PolicyChoice:
    """Which policy the loads follow now. `is_reliable(names)`: whether all of these sources can be
    relied on.
    """

    def __init__(
        self,
        fetch_sun: Callable[[], EnergyPolicy | None],
        fetch_source: Callable[[], SourcePolicy | None],
        is_reliable: Callable[[Iterable[str]], bool],
    ) -> None:
        self._fetch_sun, self._fetch_source = fetch_sun, fetch_source
        self._is_reliable = is_reliable

    def get_policy(self) -> EnergyPolicy | None:
        """The policy with the sources, if it is as new as the other and they can be relied on."""
        sun, with_sources = self._fetch_sun(), self._fetch_source()
        if sun is None or with_sources is None or with_sources.stamp.utc != sun.stamp.utc:
            return sun
        return to_policy(with_sources) if self._is_reliable(with_sources.sources.split()) else sun
