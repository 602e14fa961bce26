"""The clear sky: its size, its shape, and that no resident process pays for it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from pvlib import atmosphere, clearsky, irradiance, solarposition

from appliance.settings import PanelsSettings, SiteSettings
from power.plan.clear_sky import (
    AEROSOL_DEPTH,
    LOSSES,
    PRECIPITABLE_WATER_CM,
    STANDARD_W_M2,
    compute_clear_sky_w,
)

MIDNIGHT = datetime(2026, 6, 21, 0, 0, tzinfo=UTC)
DAY = [MIDNIGHT + timedelta(minutes=15 * step) for step in range(96)]
BUCHAREST = SiteSettings(latitude_deg=44.4, longitude_deg=26.1, altitude_m=80)


def test_a_clear_midsummer_day_gives_what_the_tables_say() -> None:
    power_w = compute_clear_sky_w(BUCHAREST, PanelsSettings(peak_w=1000, tilt_deg=35), DAY)
    assert min(power_w) == 0
    # About 8 kWh/m2 fall on the plane on a clear day in June; 14 % are lost.
    assert sum(power_w) * 0.25 == pytest.approx(6900, rel=0.1)
    noon = power_w.index(max(power_w)) / 4 + BUCHAREST.longitude_deg / 15
    assert noon == pytest.approx(12, abs=0.5)


def test_panels_to_the_east_work_in_the_morning() -> None:
    power_w = compute_clear_sky_w(BUCHAREST, PanelsSettings(tilt_deg=60, azimuth_deg=90), DAY)
    assert sum(power_w[:40]) > 1.5 * sum(power_w[40:])


def test_panels_without_a_direction_face_the_equator_in_both_hemispheres() -> None:
    sydney = SiteSettings(latitude_deg=-33.9, longitude_deg=151.2)
    for site, towards_deg in ((BUCHAREST, 180.0), (sydney, 0.0)):
        usual = compute_clear_sky_w(site, PanelsSettings(), DAY)
        assert usual == compute_clear_sky_w(site, PanelsSettings(azimuth_deg=towards_deg), DAY)


def test_the_polar_night_is_dark_and_no_times_give_no_values() -> None:
    december = [time.replace(month=12) for time in DAY]
    north = SiteSettings(latitude_deg=80.0)
    assert set(compute_clear_sky_w(north, PanelsSettings(), december)) == {0.0}
    assert compute_clear_sky_w(BUCHAREST, PanelsSettings(), []) == []


@pytest.mark.parametrize(
    ("latitude_deg", "longitude_deg", "altitude_m", "tilt_deg", "azimuth_deg"),
    [
        (44.4, 26.1, 80, 35, 180),
        (59.3, 18.0, 20, 45, 180),
        (-33.9, 151.2, 10, 30, 0),
        (0.0, -70.0, 2500, 10, 90),
        (69.0, 20.0, 0, 60, 200),
    ],
)
def test_a_year_is_that_of_pvlib_within_a_thousandth(
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float,
    tilt_deg: float,
    azimuth_deg: float,
) -> None:
    site = SiteSettings(latitude_deg, longitude_deg, altitude_m)
    panels = PanelsSettings(peak_w=1000, tilt_deg=tilt_deg, azimuth_deg=azimuth_deg)
    times = [datetime(2026, 1, 1, 0, 30, tzinfo=UTC) + timedelta(hours=h) for h in range(8760)]
    ours, theirs = compute_clear_sky_w(site, panels, times), power_of_pvlib_w(site, panels, times)
    assert sum(ours) == pytest.approx(sum(theirs), rel=0.001)
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 1.0  # of 1000 W


def power_of_pvlib_w(
    site: SiteSettings, panels: PanelsSettings, times: list[datetime]
) -> list[float]:
    """The same chain by the library that nobody here wrote."""
    index = pd.DatetimeIndex(pd.to_datetime(times, utc=True))
    sun = solarposition.get_solarposition(
        index, site.latitude_deg, site.longitude_deg, altitude=site.altitude_m
    )
    sky = clearsky.simplified_solis(
        sun["apparent_elevation"],
        aod700=AEROSOL_DEPTH,
        precipitable_water=PRECIPITABLE_WATER_CM,
        pressure=atmosphere.alt2pres(site.altitude_m),
        dni_extra=irradiance.get_extra_radiation(index),
    )
    plane = irradiance.get_total_irradiance(
        panels.tilt_deg,
        panels.azimuth_deg,
        sun["apparent_zenith"],
        sun["azimuth"],
        sky["dni"],
        sky["ghi"],
        sky["dhi"],
    )["poa_global"]
    return [float(w) for w in plane.fillna(0.0) / STANDARD_W_M2 * panels.peak_w * (1 - LOSSES)]


@pytest.mark.parametrize(
    "module",
    [
        "power.__main__",
        "power.commands.energy",
        "power.devices",
        "power.plan.ladder",
        "power.plan.policy",
        "power.plan.policy_planner",
        "power.plan.utility",
    ],
)
def test_resident_modules_do_not_import_what_is_heavy(module: str) -> None:
    code = (
        f"import sys, {module}\n"
        "print([name for name in ('numpy', 'pandas', 'pvlib', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_plan_s_run_needs_no_pandas() -> None:
    code = (
        "import sys, power.plan.run\n"
        "print([name for name in ('pandas', 'pvlib', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
