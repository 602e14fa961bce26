"""Samples of the services: how old their last reports are, and which are silent that should report.

Reads: the newest report of each service and the energy budget, through the store. Writes: nothing.
Never: leaves out a service that has never reported: nobody could tell by its absence that one is
missing.
"""

from collections.abc import Iterator

from appliance.model import EnergyBudget, EnergyLevel, ServiceState
from appliance.settings import Settings
from appliance.status.status_document import describe_services, list_expected_services
from appliance.store.store import Store
from appliance.web.metric_table import MetricSample

CAMERA, INFERENCE = "camera@", "inference"


def collect_services(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """The age of each last report (not known over a reboot); 1 for each service that is silent."""
    for state in store.rows(ServiceState):
        yield MetricSample("service_age_seconds", store.clock.age_s(state.stamp), (state.service,))
    budget = store.latest(EnergyBudget)
    level = EnergyLevel.OFF if budget is None else budget.level
    reporting = {one["service"] for one in describe_services(store, settings) if one["fresh"]}
    for name in list_expected_services(settings):
        is_silent = level >= find_lowest_level(name, settings) and name not in reporting
        yield MetricSample("service_silent", float(is_silent), (name,))


def find_lowest_level(service: str, settings: Settings) -> EnergyLevel:
    """The level from which a service runs; without a budget only those run that run always."""
    if service == INFERENCE:
        return EnergyLevel.ECO
    if service.startswith(CAMERA):
        return settings.camera[service.removeprefix(CAMERA)].runs_from
    return EnergyLevel.OFF
