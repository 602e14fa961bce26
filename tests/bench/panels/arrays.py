"""Simulated arrays with other models than the unit's: what a stranger would find under real skies.

Reads and writes: nothing. pvlib: the sun by NREL's algorithm, Ineichen's clear sky with a turbidity
of each day, Hay and Davies' diffuse light, Faiman's cells; a skyline that hides the sun; clouds; a
battery that fills; a charge controller that limits; a clock that is wrong.
Never: uses a formula of power/plan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP, STEP_H = timedelta(minutes=5), 1 / 12
PER_KELVIN, NOISE_SHARE = -0.0037, 0.01
NO_SKYLINE = 0.0
Skyline = Callable[[Floats], Floats]  # azimuth of the sun (degrees) -> hidden below (degrees)


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """One array and its place. `clear_share`: of the days; `clock_min`: how much the unit's clock
    is fast. `load_w`, `capacity_wh`: of its loads and battery; `limit_w`: of its controller.
    """

    latitude_deg: float
    longitude_deg: float = 10.0
    altitude_m: float = 200.0
    tilt_deg: float
    azimuth_deg: float
    peak_w: float = 600.0
    losses: float = 0.12
    begins: datetime = datetime(2023, 5, 1, tzinfo=UTC)
    clear_share: float = 0.35
    clock_min: float = 0.0
    load_w: float = 1e6
    capacity_wh: float = 1e9
    limit_w: float = 1e9
    skyline: Skyline | None = None
    ground_c: float = 12.0


@dataclass(frozen=True, slots=True)
class Record:
    """What the unit records: the start of each step by its clock, power (W), curtailed or not."""

    times: list[datetime]
    power_w: Floats
    throttled: NDArray[np.bool_]
    air_c: Floats


def record(array: Array, days: int, seed: int = 1) -> Record:
    """So many days of the array."""
    random = np.random.default_rng(seed)
    index = pd.date_range(array.begins, periods=days * 288, freq="5min") + STEP / 2
    power, air_c = compute_power(array, index, random)
    power = np.minimum(power, array.limit_w)
    power = np.round(power * (1 + NOISE_SHARE * random.standard_normal(len(power))))
    given, throttled = charge(array, np.maximum(power, 0.0))
    shift = timedelta(minutes=array.clock_min)
    starts = [at.to_pydatetime() - STEP / 2 + shift for at in index]
    return Record([align(at) for at in starts], given, throttled, air_c)


def align(at: datetime) -> datetime:
    """The five minutes that a time lies in."""
    return at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)


def compute_power(
    array: Array, index: pd.DatetimeIndex, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """What the panels could give (W), and the air (C)."""
    place = pvlib.location.Location(
        array.latitude_deg, array.longitude_deg, "UTC", array.altitude_m
    )
    sun = place.get_solarposition(index)
    days = np.arange(len(index)) // 288
    count = int(days[-1]) + 1
    turbidity = pd.Series(random.uniform(2.2, 4.5, count)[days], index)
    light = place.get_clearsky(
        index, model="ineichen", solar_position=sun, linke_turbidity=turbidity
    )
    clear = make_sky(array, count, random)
    direct = light["dni"].to_numpy() * clear**1.8
    total = light["ghi"].to_numpy() * (0.12 + 0.88 * clear)
    cos_zenith = np.maximum(np.cos(np.radians(sun["apparent_zenith"].to_numpy())), 0.0)
    diffuse = np.maximum(total - direct * cos_zenith, 0.0)
    elevation, azimuth = sun["apparent_elevation"].to_numpy(), sun["azimuth"].to_numpy()
    if array.skyline is not None:
        hidden = elevation < array.skyline(azimuth)
        direct = np.where(hidden, 0.0, direct)
        diffuse = np.where(hidden, 0.85 * diffuse, diffuse)
    plane = pvlib.irradiance.get_total_irradiance(
        array.tilt_deg,
        array.azimuth_deg,
        sun["apparent_zenith"].to_numpy(),
        azimuth,
        direct,
        direct * cos_zenith + diffuse,
        diffuse,
        dni_extra=pvlib.irradiance.get_extra_radiation(index).to_numpy(),
        model="haydavies",
    )["poa_global"]
    plane = np.nan_to_num(np.asarray(plane))
    hour = index.hour.to_numpy() + index.minute.to_numpy() / 60 + array.longitude_deg / 15
    air_c = (
        array.ground_c + random.normal(0, 3, count)[days] + 5 * np.cos((hour - 15) / 24 * 2 * np.pi)
    )
    cell_c = pvlib.temperature.faiman(plane, air_c, 2.0)
    watts = array.peak_w * plane / 1000 * (1 + PER_KELVIN * (cell_c - 25)) * (1 - array.losses)
    return np.asarray(watts), np.asarray(air_c)


def make_sky(array: Array, count: int, random: np.random.Generator) -> Floats:
    """How clear each step is, 0 to 1: clear days, days with clear mornings or evenings, broken
    clouds, and steady overcast.
    """
    steps = []
    for _ in range(count):
        draw = random.random()
        noise = np.clip(0.55 + 0.45 * smooth(random.standard_normal(288), 4), 0.05, 1.0)
        if draw < array.clear_share:
            day = np.ones(288)
        elif draw < array.clear_share + 0.2:
            day = np.ones(288)
            part = slice(0, 144) if random.random() < 0.5 else slice(144, 288)
            day[part] = noise[part]
        elif draw < array.clear_share + 0.45:
            day = noise
        else:
            day = np.full(288, random.uniform(0.05, 0.35)) + 0.02 * smooth(
                random.standard_normal(288), 12
            )
        steps.append(np.clip(day, 0.02, 1.0))
    return np.concatenate(steps)


def smooth(values: Floats, steps: int) -> Floats:
    """A moving mean, scaled to the same spread."""
    return np.convolve(values, np.ones(steps) / np.sqrt(steps), mode="same")


def charge(array: Array, power: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """What the panels give while the battery has room, and where it has none."""
    held = 0.6 * array.capacity_wh
    given, throttled = np.empty_like(power), np.zeros(len(power), bool)
    load_w = min(array.load_w, 1e6)
    for place, watts in enumerate(power.tolist()):
        room_w = (array.capacity_wh - held) / STEP_H + load_w
        given[place] = min(watts, room_w)
        throttled[place] = given[place] < watts or held >= 0.97 * array.capacity_wh
        drawn_w = min(load_w, given[place] + held / STEP_H)
        held += (given[place] - drawn_w) * STEP_H
    return given, throttled
