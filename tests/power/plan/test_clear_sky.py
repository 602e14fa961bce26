"""The clear sky: its size, its shape, and that no resident process pays for it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from appliance.settings import PanelsSettings, SiteSettings
from power.plan.clear_sky import clear_sky_power_w

MIDNIGHT = datetime(2026, 6, 21, 0, 0, tzinfo=UTC)
DAY = [MIDNIGHT + timedelta(minutes=15 * step) for step in range(96)]
BUCHAREST = SiteSettings(latitude_deg=44.4, longitude_deg=26.1, altitude_m=80)


def test_a_clear_midsummer_day_gives_what_the_tables_say() -> None:
    power_w = clear_sky_power_w(BUCHAREST, PanelsSettings(peak_w=1000, tilt_deg=35), DAY)
    assert min(power_w) == 0
    # About 8 kWh/m2 fall on the plane on a clear day in June; 14 % are lost.
    assert sum(power_w) * 0.25 == pytest.approx(6900, rel=0.1)
    noon = power_w.index(max(power_w)) / 4 + BUCHAREST.longitude_deg / 15
    assert noon == pytest.approx(12, abs=0.5)


def test_panels_to_the_east_work_in_the_morning() -> None:
    power_w = clear_sky_power_w(BUCHAREST, PanelsSettings(tilt_deg=60, azimuth_deg=90), DAY)
    assert sum(power_w[:40]) > 1.5 * sum(power_w[40:])


def test_the_polar_night_is_dark_and_no_times_give_no_values() -> None:
    december = [time.replace(month=12) for time in DAY]
    north = SiteSettings(latitude_deg=80.0)
    assert set(clear_sky_power_w(north, PanelsSettings(), december)) == {0.0}
    assert clear_sky_power_w(BUCHAREST, PanelsSettings(), []) == []


def test_resident_modules_do_not_import_what_is_heavy() -> None:
    code = (
        "import sys, power.reading.meter, power.devices, power.plan.clear_sky\n"
        "print([name for name in ('numpy', 'pandas', 'pvlib', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
