"""The values of the metrics: each with the name of its metric and the values of its labels.

Reads: the newest rows of every stream, through the store. Writes: nothing.
Never: gives an old value: what is not known now is left out. Never gives text but names.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from appliance.model import (
    BatteryState,
    CameraMode,
    CameraMotion,
    CameraState,
    EnergyBudget,
    EnergyLevel,
    EnvironmentReading,
    Event,
    GpuReading,
    InferencePlan,
    InferenceRun,
    PowerReading,
    ServiceState,
)
from appliance.settings import Settings
from appliance.status import document
from appliance.status.camera_costs import NOTHING_KNOWN, Spending, draw_now, events_of, last_hour
from appliance.status.intervals import rows_back
from appliance.status.loads import MAX_AGE_S, reported_loads
from appliance.store.rows import text_of
from appliance.store.store import Store

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
J_IN_WH = 3600


class Sample(NamedTuple):
    """One value; None is not known, and left out."""

    name: str
    value: float | None
    labels: tuple[str, ...] = ()


def samples(store: Store, settings: Settings) -> Iterator[Sample]:
    """All values that are known now. Raises `StoreError`."""
    yield Sample("unit_info", 1, (settings.unit.name,))
    yield from battery(store, settings)
    yield from power(store, settings)
    yield from energy(store)
    hour = last_hour(store)
    for name in settings.camera:
        yield from camera(store, name, hour.get(name, NOTHING_KNOWN))
    yield from motions_and_events(store, settings)
    yield from inference(store)
    yield from computer(store)
    yield from services(store)


def battery(store: Store, settings: Settings) -> Iterator[Sample]:
    """The estimator's belief."""
    state = store.latest(BatteryState, document.power_max_age_s(settings))
    if state is None:
        return
    yield Sample("battery_charge_ratio", part(state.state_of_charge_pct))
    yield Sample("battery_charge_sigma_ratio", part(state.sigma_pct))
    yield Sample("battery_energy_joules", joules(state.energy_wh))
    yield Sample("battery_capacity_joules", joules(state.capacity_wh))


def power(store: Store, settings: Settings) -> Iterator[Sample]:
    """What the charge controllers measure, and what the loads report."""
    reading = store.latest(PowerReading, document.power_max_age_s(settings))
    for name, field in (
        ("battery_voltage_volts", "battery_voltage_v"),
        ("battery_current_amperes", "battery_current_a"),
        ("battery_temperature_celsius", "battery_temperature_c"),
        ("pv_power_watts", "pv_power_w"),
        ("charger_load_power_watts", "load_power_w"),
    ):
        yield Sample(name, document.measure(reading, field))
    for load in reported_loads(store, tuple(settings.camera)):
        origin = "measured" if load.measured else "modelled"
        yield Sample("load_power_watts", load.power_w, (load.name, origin))


def energy(store: Store) -> Iterator[Sample]:
    """The budget that holds."""
    budget = store.latest(EnergyBudget, MAX_AGE_S)
    if budget is None:
        return
    for level in EnergyLevel:
        yield Sample("level", float(level is budget.level), (level.name.lower(),))
    yield Sample("budget_power_watts", budget.power_w)
    yield Sample("reserve_energy_joules", joules(budget.reserve_wh))
    yield Sample("sun_is_free", float(budget.sun_is_free))


def camera(store: Store, name: str, hour: Spending) -> Iterator[Sample]:
    """What one camera does and costs."""
    yield Sample("camera_mean_power_watts", hour.camera.mean_w, (name, "camera"))
    yield Sample("camera_mean_power_watts", hour.looking.mean_w, (name, "looking"))
    draw = draw_now(store, name)
    yield Sample("camera_power_watts", draw.camera_w, (name, "camera"))
    yield Sample("camera_power_watts", draw.looking_w, (name, "looking"))
    state = store.latest(CameraState, MAX_AGE_S, camera=name)
    if state is None:
        return
    for mode in CameraMode:
        yield Sample("camera_mode", float(mode is state.mode), (name, mode.value))
    yield Sample("camera_frames_served", state.frames_served, (name,))
    yield Sample("camera_frames_skipped", state.frames_skipped, (name,))
    yield Sample("camera_frames_decoded", state.frames_decoded, (name,))


def motions_and_events(store: Store, settings: Settings) -> Iterator[Sample]:
    """What moved and what was found; a day is counted anew each time, since old rows go."""
    now = store.clock.stamp().utc
    moved = rows_back(store, "camera_motion", "camera, looked", now - DAY)
    motions = Counter((row["camera"], bool(row["looked"])) for row in moved)
    events = events_of(store, now - DAY, now + HOUR)
    for name in settings.camera:
        for looked in (True, False):
            labels = (name, "true" if looked else "false")
            yield Sample("camera_last_day_motions", motions[name, looked], labels)
        yield Sample("camera_last_day_events", events.get(name, 0), (name,))
        motion = store.last(CameraMotion, camera=name)
        event = store.last(Event, camera=name)
        yield Sample("camera_last_motion_timestamp_seconds", began_s(motion), (name,))
        yield Sample("camera_last_event_timestamp_seconds", began_s(event), (name,))


def inference(store: Store) -> Iterator[Sample]:
    """What inference may do and what it did."""
    plan = store.latest(InferencePlan, MAX_AGE_S)
    run = store.latest(InferenceRun, MAX_AGE_S)
    if plan:
        yield Sample("inference_planned_frames_per_second", plan.frames_per_s)
    if run:
        tier = plan.tier.value if plan else ""
        yield Sample("inference_info", 1, (run.provider, run.model_digest, tier))
        rate = run.frames / run.duration_s if run.duration_s else None
        yield Sample("inference_frames_per_second", rate)
    since = text_of(store.clock.stamp().utc - HOUR)
    sums = store.query(
        "SELECT sum(frames) AS frames, sum(energy_wh) AS wh FROM inference_run WHERE at >= ?",
        (since,),
    )[0]
    yield Sample("inference_last_hour_frames", sums["frames"])
    yield Sample("inference_last_hour_energy_joules", joules(sums["wh"]))


def computer(store: Store) -> Iterator[Sample]:
    """Heat, disk, memory, GPUs."""
    reading = store.latest(EnvironmentReading, MAX_AGE_S)
    if reading:
        zone = (reading.hottest_zone or "",)
        yield Sample("computer_temperature_celsius", reading.hottest_temperature_c, zone)
        yield Sample("disk_free_bytes", reading.disk_free_bytes)
        yield Sample("disk_used_ratio", part(reading.disk_used_pct))
        yield Sample("memory_available_bytes", reading.memory_available_bytes)
    for row in store.query("SELECT DISTINCT gpu FROM gpu_reading ORDER BY gpu"):
        gpu = store.latest(GpuReading, MAX_AGE_S, gpu=row["gpu"])
        if gpu:
            yield Sample("gpu_power_watts", gpu.power_w, (gpu.gpu,))
            yield Sample("gpu_temperature_celsius", gpu.temperature_c, (gpu.gpu,))
            yield Sample("gpu_utilisation_ratio", part(gpu.utilisation_pct), (gpu.gpu,))
            yield Sample("gpu_memory_used_bytes", gpu.memory_used_bytes, (gpu.gpu,))


def services(store: Store) -> Iterator[Sample]:
    """How long each service has been silent (not known over a reboot), and what is wrong."""
    for state in store.rows(ServiceState):
        yield Sample("service_age_seconds", store.clock.age_s(state.stamp), (state.service,))
    faults = store.open_faults()
    yield Sample("faults_open", len(faults))
    for fault in faults:
        labels = (fault.source, fault.code)
        yield Sample("fault_since_timestamp_seconds", fault.stamp.utc.timestamp(), labels)


def began_s(row: CameraMotion | Event | None) -> float | None:
    """When it began, in seconds of 1970."""
    return None if row is None else row.stamp.utc.timestamp()


def part(percent: float | None) -> float | None:
    """A percentage as a part of 1."""
    return None if percent is None else percent / 100


def joules(wh: float | None) -> float | None:
    return None if wh is None else wh * J_IN_WH
