"""The real power process in front of a controller that is still set to a lead-acid battery."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model_set_points import SetPoints
from appliance.settings import Settings
from appliance.settings_file import load_settings
from appliance.store.store import Store
from power.audit.finding import AuditResult
from power.commands.battery_audit import audit_devices
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.devices.lead_acid import LEAD_ACID
from provisioning.simulated.lines.byte_device import RtuDevices
from tests.bench.guard_faults.site import FULL, Site, run_power, serve_line, write_settings
from tests.bench.reaction import WeakPlant
from tests.waiting import wait_until


@pytest.mark.processes
def test_the_service_stores_and_tells_what_is_wrong_and_the_audit_reads_it_when_it_has_ended(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    site.fill()
    site.write_systemctl()
    plant = WeakPlant(Settings(), datetime(2026, 4, 15, tzinfo=UTC))
    plant.values = FULL
    controller = RtuDevices([SimulatedEpever(plant, [LEAD_ACID])])
    with closing(Store(site.database, SystemClock())) as store, serve_line(controller) as port:
        settings_path = write_settings(site, port)
        with run_power(site, settings_path):
            wait_until(
                lambda: any(
                    one.code.startswith("set-points-charger") for one in store.list_open_faults()
                ),
                "the fault",
            )
            wait_until(lambda: bool(store.rows(SetPoints)), "the row")
        (stored,) = store.rows(SetPoints)
        assert (stored.lvd_v, stored.loads_on_output) == (11.1, True)
        audited = list(audit_devices(load_settings(settings_path), store))
        wrong = [one.name for item in audited for one in item.findings if one.result is WRONG]
        assert "temperature compensation" in wrong
        assert "low-voltage disconnect" in wrong


WRONG = AuditResult.WRONG
