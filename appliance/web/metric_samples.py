"""Collects the samples of the metrics: name, value and label values.

Reads: the newest rows of every stream, through the store. Writes: nothing.
Never: gives an old value: what is not known now is left out. Never gives text other than names.
"""

from collections.abc import Iterator
from datetime import timedelta

from appliance.model import (
    BatteryState,
    EnergyBudget,
    EnergyLevel,
    EnvironmentReading,
    GpuReading,
    PowerReading,
)
from appliance.model_cameras import (
    InferencePlan,
    InferenceRun,
)
from appliance.settings import Settings
from appliance.status import status_document
from appliance.status.battery_age import describe_battery_age
from appliance.status.loads import read_loads
from appliance.status.solar_yield import read_solar_days, sum_up_days
from appliance.status.sources import describe_sources
from appliance.store.store import Store
from appliance.web.metric_alarms import collect_alarms
from appliance.web.metric_cameras import collect_cameras
from appliance.web.metric_link import collect_link
from appliance.web.metric_services import collect_services
from appliance.web.metric_table import MetricSample
from appliance.web.metric_updates import collect_updates

DAY, HOUR, SECOND = timedelta(hours=24), timedelta(hours=1), timedelta(seconds=1)
J_IN_WH = 3600
HOUR_S, DAY_S = 3600.0, 86_400.0


def collect_samples(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """All values that are known now. Raises `StoreError`."""
    yield MetricSample("unit_info", 1, (settings.unit.name,))
    yield from collect_battery(store, settings)
    yield from collect_battery_age(store, settings)
    yield from collect_yield(store, settings)
    yield from collect_power(store, settings)
    yield from collect_sources(store, settings)
    yield from collect_energy(store)
    yield from collect_cameras(store, settings)
    yield from collect_inference(store)
    yield from collect_computer(store)
    yield from collect_services(store, settings)
    yield from collect_faults(store)
    yield from collect_updates(store, settings)
    yield from collect_link(store, settings)
    yield from collect_alarms(store, settings)


def collect_battery(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """The estimator's estimate of the battery."""
    state = store.latest(BatteryState, status_document.compute_power_max_age_s(settings))
    if state is None:
        return
    yield MetricSample("battery_charge_ratio", to_ratio(state.state_of_charge_pct))
    yield MetricSample("battery_charge_sigma_ratio", to_ratio(state.sigma_pct))
    yield MetricSample("battery_energy_joules", to_joules(state.energy_wh))
    yield MetricSample("battery_capacity_joules", to_joules(state.capacity_wh))


def collect_battery_age(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """What the battery has gone through, and what it holds."""
    age = describe_battery_age(store, settings)
    if age is None:
        return
    yield MetricSample("battery_equivalent_cycles", age["equivalent_cycles"])
    yield MetricSample("battery_health_ratio", to_ratio(age["health_pct"]))
    yield MetricSample("battery_health_sigma_ratio", to_ratio(age["health_sigma_pct"]))
    yield MetricSample("battery_since_full_seconds", age["days_since_full"] * DAY_S)


def collect_yield(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """What the panels gave on the last day that is over, and their ratio of a month."""
    today = store.clock.stamp().utc.date()
    days = read_solar_days(store, today - timedelta(days=31))
    month = sum_up_days(days)
    last = sum_up_days(day for day in days if day.day.date() == today - timedelta(days=1))
    yield MetricSample("pv_last_month_performance_ratio", month.performance_ratio)
    yield MetricSample("pv_yesterday_energy_joules", to_joules(last.yield_wh))
    if last.yield_wh is not None and last.curtailed_h is not None:
        specific_h = last.yield_wh / settings.panels.peak_w
        yield MetricSample("pv_yesterday_specific_yield_hours", specific_h)
        yield MetricSample("pv_yesterday_curtailed_seconds", last.curtailed_h * HOUR_S)


def collect_power(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """What the charge controllers measure, and what the loads report."""
    reading = store.latest(PowerReading, status_document.compute_power_max_age_s(settings))
    for name, field in (
        ("battery_voltage_volts", "battery_voltage_v"),
        ("battery_current_amperes", "battery_current_a"),
        ("battery_temperature_celsius", "battery_temperature_c"),
        ("pv_power_watts", "pv_power_w"),
        ("charger_load_power_watts", "load_power_w"),
    ):
        yield MetricSample(name, status_document.get_measured(reading, field))
    for load in read_loads(store, tuple(settings.camera)):
        origin = "measured" if load.measured else "modelled"
        yield MetricSample("load_power_watts", load.power_w, (load.name, origin))


def collect_sources(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """What second sources do, and have given."""
    for one in describe_sources(store, settings):
        name = (one["name"],)
        if one["phase"] is not None:
            yield MetricSample("source_on", float(one["phase"] != "off"), name)
            yield MetricSample("source_power_watts", one["power_w"], name)
        if one["starts"] is not None:
            yield MetricSample("source_energy_joules", to_joules(1000 * one["energy_kwh"]), name)
            yield MetricSample("source_run_seconds", one["run_h"] * HOUR_S, name)
            yield MetricSample("source_starts", one["starts"], name)
            yield MetricSample("source_failures", one["failures"], name)
            yield MetricSample("source_locked", float(one["locked"]), name)
        if one["fuel_left_kwh"] is not None:
            yield MetricSample(
                "source_fuel_left_joules", to_joules(1000 * one["fuel_left_kwh"]), name
            )


def collect_energy(store: Store) -> Iterator[MetricSample]:
    """The present energy budget."""
    budget = store.latest(EnergyBudget)
    if budget is None:
        return
    for level in EnergyLevel:
        yield MetricSample("level", float(level is budget.level), (level.name.lower(),))
    yield MetricSample("budget_power_watts", budget.power_w)
    yield MetricSample("reserve_energy_joules", to_joules(budget.reserve_wh))
    yield MetricSample("sun_is_free", float(budget.sun_is_free))


def collect_inference(store: Store) -> Iterator[MetricSample]:
    """What inference may do and what it did."""
    plan = store.latest(InferencePlan)
    run = store.latest(InferenceRun)
    if plan:
        yield MetricSample("inference_planned_frames_per_second", plan.frames_per_s)
    if run:
        tier = plan.tier.value if plan else ""
        yield MetricSample("inference_info", 1, (run.provider, run.model_digest, tier))
        rate = run.frames / run.duration_s if run.duration_s else None
        yield MetricSample("inference_frames_per_second", rate)
    now = store.clock.stamp().utc
    frames, energy_wh = store.sum_columns(InferenceRun, now - HOUR, now, "frames", "energy_wh")
    yield MetricSample("inference_last_hour_frames", frames)
    yield MetricSample("inference_last_hour_energy_joules", to_joules(energy_wh))


def collect_computer(store: Store) -> Iterator[MetricSample]:
    """Temperature, disk, memory, GPUs."""
    reading = store.latest(EnvironmentReading)
    if reading:
        zone = (reading.hottest_zone or "",)
        yield MetricSample("computer_temperature_celsius", reading.hottest_temperature_c, zone)
        yield MetricSample("disk_free_bytes", reading.disk_free_bytes)
        yield MetricSample("disk_used_ratio", to_ratio(reading.disk_used_pct))
        yield MetricSample("memory_available_bytes", reading.memory_available_bytes)
    for name in store.list_values(GpuReading, "gpu"):
        gpu = store.latest(GpuReading, gpu=name)
        if gpu:
            yield MetricSample("gpu_power_watts", gpu.power_w, (gpu.gpu,))
            yield MetricSample("gpu_temperature_celsius", gpu.temperature_c, (gpu.gpu,))
            yield MetricSample("gpu_utilisation_ratio", to_ratio(gpu.utilisation_pct), (gpu.gpu,))
            yield MetricSample("gpu_memory_used_bytes", gpu.memory_used_bytes, (gpu.gpu,))


def collect_faults(store: Store) -> Iterator[MetricSample]:
    """Open faults."""
    faults = store.list_open_faults()
    yield MetricSample("faults_open", len(faults))
    for fault in faults:
        labels = (fault.source, fault.code)
        yield MetricSample("fault_since_timestamp_seconds", fault.stamp.utc.timestamp(), labels)


def to_ratio(percent: float | None) -> float | None:
    """A percentage as a ratio, 0 to 1."""
    return None if percent is None else percent / 100


def to_joules(wh: float | None) -> float | None:
    return None if wh is None else wh * J_IN_WH
