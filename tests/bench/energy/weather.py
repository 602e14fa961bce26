"""Published weather of real sites, read from packages and kept as sun on tilted panels.

Reads: the wheel hisim 1.2.4 (MIT; NSRDB 2019 of 20 European cities each 15 min, and the German
weather service's measurements of Aachen 2021 and 2023 and of Duesseldorf 2024; CC BY), fetched once
with pip, and the files that pvlib brings along (TMY3 and TMY2 of NREL). Writes: build/weather/.
Never: fills a gap with a guess that is better than the data: it interpolates, and nothing else.
"""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from power.plan.clear_sky import LOSSES, STANDARD_W_M2

Floats = NDArray[np.float64]

ROOT = Path(__file__).parent.parent.parent.parent
CACHE = ROOT / "build/weather"
PACKAGE = (
    "hisim==1.2.4 --hash=sha256:e9b4d77b373d424bbdf269e8f268ff0762cc726bf48b09e7ad2dad9a5b7649d5"
)
NSRDB, DWD_10, DWD_15 = "NSRDB_15min", "dwd_10min_data", "dwd_15min_data"
STEP = pd.Timedelta(minutes=15)
STEPS = 365 * 96
PER_KELVIN = -0.004  # power of crystalline silicon
PER_SUN_C = 30.0  # how much warmer than the air a cell is in full sun
TYPICAL = {
    "Greensboro typical": "723170TYA.CSV",
    "Sand-Point typical": "703165TY.csv",
    "Miami typical": "12839.tm2",
}
FORM = 2  # of the kept files


@dataclass(frozen=True, slots=True)
class Site:
    """One year of one place in steps of 15 minutes from 1 January 00:00 UTC; 365 days."""

    name: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    year: int
    sun: Floats  # power of the panels over their peak power
    air_c: Floats

    @property
    def city(self) -> str:
        """The place without the year: what must stay together when sites are left out."""
        return self.name.split()[0]


def list_sites() -> list[str]:
    """All sites, as `site` takes them."""
    return sorted(list_loaders())


def load_site(name: str, tilt_deg: float) -> Site:
    """The site with panels that face the equator at `tilt_deg`. Raises `KeyError`.

    What pvlib brings along needs no download.
    """
    load = list_pvlib_loaders()[name] if name in TYPICAL else list_loaders()[name]
    return load_or_make(f"{name.replace(' ', '-')}-{tilt_deg:g}", lambda: load(tilt_deg))


def list_loaders() -> dict[str, Callable[[float], Site]]:
    """What makes each site, by its name; nothing is read before it is called."""
    wheel = fetch_wheel()
    with zipfile.ZipFile(wheel) as package:
        members = [name for name in package.namelist() if name.endswith(".csv")]
    found: dict[str, Callable[[float], Site]] = {}
    for member in members:
        if NSRDB in member:
            found[f"{Path(member).parent.name} 2019"] = partial(
                read_from_wheel, wheel, member, read_nsrdb
            )
        elif DWD_10 in member or DWD_15 in member:
            _, _, years, city, *_ = Path(member).stem.split("_")
            found[f"{city.title()} {years[:4]}"] = partial(read_from_wheel, wheel, member, read_dwd)
    return found | list_pvlib_loaders()


def list_pvlib_loaders() -> dict[str, Callable[[float], Site]]:
    """The typical years that come with pvlib."""
    data = Path(pvlib.__file__).parent / "data"
    return {name: partial(read_typical, data / file, name) for name, file in TYPICAL.items()}


def fetch_wheel() -> Path:
    """The wheel, downloaded if it is not here yet."""
    CACHE.mkdir(parents=True, exist_ok=True)
    wheels = list(CACHE.glob("hisim-*.whl"))
    if not wheels:
        asked = CACHE / "package.txt"
        asked.write_text(PACKAGE)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
        done = subprocess.run([*command, "-r", asked, "-d", CACHE], check=False)
        wheels = list(CACHE.glob("hisim-*.whl"))
        if done.returncode or not wheels:
            sys.exit(
                f"the weather cannot be fetched: `pip download {PACKAGE}` failed; is there a link?"
            )
    return wheels[0]


def load_or_make(name: str, make: Callable[[], Site]) -> Site:
    """The site from its file, made if it is not there or of an older form."""
    path = CACHE / f"{name}-{FORM}.npz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        site = make()
        facts = [site.latitude_deg, site.longitude_deg, site.altitude_m, site.year]
        half = path.with_suffix(f".{os.getpid()}.npz")  # several processes may make it at once
        np.savez(half, name=site.name, facts=facts, sun=site.sun, air_c=site.air_c)
        half.replace(path)
    with np.load(path) as file:
        latitude, longitude, altitude, year = (float(fact) for fact in file["facts"])
        return Site(
            str(file["name"]), latitude, longitude, altitude, int(year), file["sun"], file["air_c"]
        )


def read_from_wheel(
    wheel: Path,
    member: str,
    parse: Callable[[zipfile.ZipFile, str, float], Site],
    tilt_deg: float,
) -> Site:
    """A site of the wheel."""
    with zipfile.ZipFile(wheel) as package:
        return parse(package, member, tilt_deg)


def read_nsrdb(package: zipfile.ZipFile, member: str, tilt_deg: float) -> Site:
    """Satellite-derived: values of the moment, times in the zone that the head names."""
    with package.open(member) as file:
        head = pd.read_csv(file, nrows=1).iloc[0]
    with package.open(member) as file:
        rows = pd.read_csv(file, skiprows=2)
    times = pd.to_datetime(rows[["Year", "Month", "Day", "Hour", "Minute"]])
    rows.index = pd.DatetimeIndex(times - pd.Timedelta(hours=float(head["Time Zone"]))).tz_localize(
        "UTC"
    )
    light = rows[["GHI", "DNI", "DHI", "Temperature"]].set_axis(
        ["ghi", "dni", "dhi", "air"], axis=1
    )
    name = f"{Path(member).parent.name} {rows['Year'].iloc[0]}"
    position = (float(head["Latitude"]), float(head["Longitude"]), float(head["Elevation"]))
    return make_site(name, position, light.astype(float), tilt_deg, pd.Timedelta(0))


def read_dwd(package: zipfile.ZipFile, member: str, tilt_deg: float) -> Site:
    """Measured on the ground: means of the 10 or 15 minutes from the stamp on, in UTC."""
    with package.open(member) as file:
        head = pd.read_csv(file, nrows=1).iloc[0]
    with package.open(member) as file:
        rows = pd.read_csv(file, skiprows=2)
    rows.index = pd.DatetimeIndex(
        pd.to_datetime(rows[["year", "month", "day", "hour", "minute"]])
    ).tz_localize("UTC")
    light = pd.DataFrame(
        {
            "ghi": rows["global_irradiance"],
            "dhi": rows["diffuse_irradiance"],
            "air": rows["temperature"],
        }
    ).astype(float)
    light = light[~light.index.duplicated()].clip(lower={"ghi": 0.0, "dhi": 0.0, "air": -60.0})
    position = (float(head["latitude"]), float(head["longitude"]), 200.0)
    half = (light.index[1] - light.index[0]) / 2
    zenith = compute_zenith_deg(position, light.index + half).to_numpy()
    beam = (light["ghi"] - light["dhi"]).clip(lower=0.0)
    light["dni"] = np.where(zenith < 87, beam / np.cos(np.radians(np.minimum(zenith, 87))), 0.0)
    light["dni"] = light["dni"].clip(upper=1100.0)
    name = f"{str(head['location']).title()} {light.index[len(light) // 2].year}"
    return make_site(name, position, light, tilt_deg, half)


def read_typical(path: Path, name: str, tilt_deg: float) -> Site:
    """A typical year of NREL: means of the hour before the stamp, in local standard time.

    Its months come from different years; here it is one year, 2019.
    """
    if path.suffix == ".tm2":
        rows, about = pvlib.iotools.read_tmy2(path)
        columns = {"GHI": "ghi", "DNI": "dni", "DHI": "dhi", "DryBulb": "air"}
        rows = rows.assign(DryBulb=rows["DryBulb"] * 0.1)
    else:
        rows, about = pvlib.iotools.read_tmy3(path, map_variables=True)
        columns = {"ghi": "ghi", "dni": "dni", "dhi": "dhi", "temp_air": "air"}
    light = rows[list(columns)].rename(columns=columns).astype(float)
    start = pd.Timestamp("2019-01-01", tz="UTC") - pd.Timedelta(hours=float(about["TZ"]))
    hours = light.iloc[: 365 * 24].set_axis(
        pd.date_range(start, periods=365 * 24, freq="h"), axis=0
    )
    quarters = hours.reindex(pd.date_range(start, periods=STEPS, freq=STEP), method="ffill")
    position = tuple(float(about[name]) for name in ("latitude", "longitude", "altitude"))
    return make_site(name, position, quarters, tilt_deg, STEP / 2)


def make_site(
    name: str, position: tuple[float, ...], light: pd.DataFrame, tilt_deg: float, half: pd.Timedelta
) -> Site:
    """The site with its panels: plane-of-array light, cell temperature, the usual losses."""
    latitude, longitude, altitude = position
    sun = pvlib.solarposition.get_solarposition(light.index + half, latitude, longitude, altitude)
    sun.index = light.index
    plane = (
        pvlib.irradiance.get_total_irradiance(
            tilt_deg,
            180.0 if latitude >= 0 else 0.0,
            sun["apparent_zenith"],
            sun["azimuth"],
            light["dni"],
            light["ghi"],
            light["dhi"],
        )["poa_global"]
        .fillna(0.0)
        .clip(0.0, 1400.0)
    )
    suns = plane / STANDARD_W_M2
    cell_c = light["air"] + PER_SUN_C * suns
    power = suns * (1 - LOSSES) * (1 + PER_KELVIN * (cell_c - 25))
    year = light.index[len(light) // 2].year
    steps = pd.date_range(f"{year}-01-01", periods=STEPS, freq=STEP, tz="UTC")
    return Site(
        name,
        latitude,
        longitude,
        altitude,
        year,
        interpolate_to(power, steps),
        interpolate_to(light["air"], steps),
    )


def interpolate_to(values: pd.Series, steps: pd.DatetimeIndex) -> Floats:
    """The values at `steps`, linear between; before the first and after the last by the year's
    other end, since a local year is not a UTC year.
    """
    seconds = (values.index - steps[0]).total_seconds().to_numpy()
    wanted = (steps - steps[0]).total_seconds().to_numpy()
    return np.asarray(np.interp(wanted, seconds, values.to_numpy(), period=365 * 86400.0))


def compute_zenith_deg(position: tuple[float, float, float], times: pd.DatetimeIndex) -> pd.Series:
    """The sun's distance from overhead."""
    return pvlib.solarposition.get_solarposition(times, *position)["apparent_zenith"]
