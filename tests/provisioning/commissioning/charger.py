"""A simulated charge controller at a port, and the search that finds it soon."""

from collections.abc import Iterator, Sequence

import pytest

from appliance.clock import SystemClock
from power.probe import PortReport, Probe
from provisioning.commissioning.unit import Unit
from provisioning.simulated.devices.epever import SimulatedEpever
from tests.power.probe.probe_models import SHORT, FewIds, connect
from tests.stand_ins.rig import make_sunny_noon


@pytest.fixture
def port() -> Iterator[str]:
    """Where it answers."""
    with connect(SimulatedEpever(make_sunny_noon())) as path:
        yield path


def search(unit: Unit, ports: Sequence[str]) -> list[PortReport]:
    """As the step has it, for one model and few addresses."""
    probe = Probe(SystemClock(), (FewIds(),), timeouts=SHORT)
    return [probe.scan(one) for one in ports]
