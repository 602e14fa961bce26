"""The status document: what the unit is doing and why, in one dictionary.

Reads: the newest rows of every stream, and the settings. Writes: nothing. `unitctl status` and the
web page show it; its shape is appliance/status.schema.json, explained in docs/status.md.
Never: shows an old value as a present one (a stale row says `fresh: false`, and the figures of a
stale battery or charger row are null), or a password.
"""

from dataclasses import asdict
from typing import Any

from appliance.clock import ScaledClock
from appliance.log import redact_all
from appliance.model import (
    BatteryState,
    EnergyBudget,
    EnergyPlanStep,
    EnvironmentReading,
    Fault,
    GpuReading,
    PowerReading,
    ServiceState,
)
from appliance.model_cameras import InferencePlan, InferenceRun
from appliance.settings import Settings
from appliance.status import sleep_and_outlook
from appliance.status.alarms import describe_alarms
from appliance.status.battery_age import describe_battery_age
from appliance.status.cameras import describe_cameras
from appliance.status.events import describe_recent_events
from appliance.status.freshness import NOT_YET, Document, describe_age
from appliance.status.full_disk import find_full_disk
from appliance.status.link import describe_link
from appliance.status.loads import read_loads
from appliance.status.night_ahead import read_night_ahead
from appliance.status.packs import describe_pack
from appliance.status.sources import describe_sources
from appliance.status.summary import summarise
from appliance.status.update import describe_update
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.tables import ALARM, PLAN, get_fresh_s

SCHEMA = 1
RARE_S = {PLAN: get_fresh_s(EnergyPlanStep), ALARM: 2 * 3600.0}  # these are there now and then
BATTERY_FIELDS = (
    "state_of_charge_pct",
    "sigma_pct",
    "energy_wh",
    "capacity_wh",
    "time_to_go_s",
    "resistance_ohm",
)
SUN_FIELDS = ("pv_power_w", "pv_voltage_v", "charge_stage", "yield_today_wh")


def build(store: Store, settings: Settings) -> Document:
    """The status document of this moment. Raises `StoreError`."""
    document: Document = {
        "schema": SCHEMA,
        "unit": describe_unit(store, settings),
        "battery": describe_battery(store, settings),
        "packs": [describe_pack(store, name) for name in settings.bms],
        "sun": describe_sun(store, settings),
        "sources": describe_sources(store, settings),
        "load": describe_loads(store, settings),
        "energy": describe_budget(store),
        "sleep": sleep_and_outlook.describe_sleep(store),
        "outlook": sleep_and_outlook.describe_outlook(store),
        "cameras": describe_cameras(store, settings),
        "inference": describe_inference(store),
        "computer": describe_computer(store),
        "gpus": describe_gpus(store),
        "services": describe_services(store, settings),
        **describe_outside(store, settings),
        "events": describe_recent_events(store),
        "alarms": describe_alarms(store, settings),
        "faults": [*find_full_disk(store, settings), *list_faults(store, all=False)],
    }
    night = read_night_ahead(store, settings, compute_power_max_age_s(settings))
    document["summary"] = summarise(document, night, settings)
    document["unreadable_rows"] = [asdict(one) for one in store.unreadable.list_tables()]
    return redact_all(document)


def describe_unit(store: Store, settings: Settings) -> Document:
    """Which unit this is, and its time."""
    scaled = isinstance(store.clock, ScaledClock)
    return {
        "name": settings.unit.name,
        "at": encode_time(store.clock.stamp().utc),
        "timezone": settings.site.timezone,
        "speed": settings.clock.speed if scaled else 1,
    }


def describe_outside(store: Store, settings: Settings) -> Document:
    """What comes from outside, and over what."""
    return {
        "update": describe_update(store, settings),
        "link": describe_link(store, settings),
    }


def describe_battery(store: Store, settings: Settings) -> Document | None:
    """The estimate of the battery with the charger's measurements beside it; None before any
    row.
    """
    state = store.last(BatteryState)
    if state is None:
        return None
    seen = describe_age(store, state, compute_power_max_age_s(settings))
    estimate = state if seen["fresh"] else None
    measured = store.latest(PowerReading, compute_power_max_age_s(settings))
    return seen | {
        **{name: getattr(estimate, name, None) for name in BATTERY_FIELDS},
        "voltage_v": get_measured(measured, "battery_voltage_v"),
        "current_a": get_measured(measured, "battery_current_a"),
        "temperature_c": get_measured(measured, "battery_temperature_c"),
        "charge_blocked": estimate and estimate.charge_blocked,
        "method": estimate and estimate.method,
        "full_at": sleep_and_outlook.encode_known_time(estimate.full_at) if estimate else None,
        "age": describe_battery_age(store, settings),
    }


def describe_sun(store: Store, settings: Settings) -> Document | None:
    """What the panels give; None before any row."""
    reading = store.last(PowerReading)
    if reading is None:
        return None
    seen = describe_age(store, reading, compute_power_max_age_s(settings))
    fresh = reading if seen["fresh"] else None
    return seen | {name: format_plain(get_measured(fresh, name)) for name in SUN_FIELDS}


def describe_loads(store: Store, settings: Settings) -> Document:
    """What each load draws, as the services report it; their sum, or None where nobody does."""
    parts = [asdict(part) for part in read_loads(store, tuple(settings.camera))]
    power_w = round(sum(part["power_w"] for part in parts), 3) if parts else None
    return {"power_w": power_w, "parts": parts}


def describe_budget(store: Store) -> Document | None:
    """The newest budget and its reason; None before any row. Not fresh means: there is none."""
    budget = store.last(EnergyBudget)
    if budget is None:
        return None
    return describe_age(store, budget) | {
        "level": budget.level.name,
        "power_w": budget.power_w,
        "until": encode_time(budget.until),
        "reserve_wh": budget.reserve_wh,
        "sun_is_free": budget.sun_is_free,
        "reason": budget.reason,
    }


def describe_inference(store: Store) -> Document | None:
    """The newest plan and what really ran last; None before any plan."""
    plan = store.last(InferencePlan)
    if plan is None:
        return None
    run = store.last(InferenceRun)
    return describe_age(store, plan) | {
        "frames_per_s": plan.frames_per_s,
        "tier": plan.tier.value,
        "reason": plan.reason,
        "provider": run.provider if run else None,
        "model_digest": run.model_digest if run else None,
    }


def describe_computer(store: Store) -> Document | None:
    """The computer's own state; None before any row."""
    reading = store.last(EnvironmentReading)
    if reading is None:
        return None
    return describe_age(store, reading) | {
        "hottest_zone": reading.hottest_zone,
        "hottest_temperature_c": reading.hottest_temperature_c,
        "disk_free_bytes": reading.disk_free_bytes,
        "disk_used_pct": reading.disk_used_pct,
        "memory_available_bytes": reading.memory_available_bytes,
        "power_w": reading.computer_power_w,
        "power_measured": reading.computer_power_measured,
    }


def describe_gpus(store: Store) -> list[Document]:
    """The newest reading of each GPU; empty on a unit without one."""
    names = store.list_values(GpuReading, "gpu")
    found = [reading for name in names if (reading := store.last(GpuReading, gpu=name))]
    fields = ("power_w", "temperature_c", "utilisation_pct", "memory_used_bytes")
    return [
        {"gpu": reading.gpu}
        | {field: getattr(reading, field) for field in fields}
        | describe_age(store, reading)
        for reading in found
    ]


def describe_services(store: Store, settings: Settings) -> list[Document]:
    """One sentence of each service about itself, the expected ones first and always."""
    states = {state.service: state for state in store.rows(ServiceState)}
    expected = list_expected_services(settings)
    others = sorted(set(states) - set(expected))
    return [describe_service(store, name, states.get(name)) for name in (*expected, *others)]


def describe_service(store: Store, name: str, state: ServiceState | None) -> Document:
    """One service's entry."""
    max_age_s = RARE_S.get(name, get_fresh_s(ServiceState))
    status = state.status if state else NOT_YET
    return {"service": name, "status": status, **describe_age(store, state, max_age_s)}


def list_expected_services(settings: Settings) -> tuple[str, ...]:
    """The services that a unit with these settings runs, in the order of the energy's flow."""
    return ("power", PLAN, "sensors", *(f"camera@{name}" for name in settings.camera), "inference")


def list_faults(store: Store, all: bool) -> list[Document]:  # noqa: A002  (the word of the command line)
    """The open faults, newest first; with `all` the past ones too, each with when it `cleared`."""
    if not all:
        return redact_all([describe_fault(fault) for fault in store.list_open_faults()])
    return redact_all(
        [
            describe_fault(fault) | {"cleared": fault.cleared and encode_time(fault.cleared)}
            for fault in store.rows(Fault, newest_first=True)
        ]
    )


def describe_fault(fault: Fault) -> Document:
    """One fault. It is written once, so `at` (its row) and `since` (its start) are one time."""
    at = encode_time(fault.stamp.utc)
    return {
        "code": fault.code,
        "source": fault.source,
        "text": fault.text,
        "since": at,
        "at": at,
    }


def compute_power_max_age_s(settings: Settings) -> float:
    """How old a battery or charger row may be: a minute, or three polls of a slow bus."""
    return max(get_fresh_s(PowerReading), 3 * settings.meter.poll_every_s)


def get_measured(reading: PowerReading | None, name: str) -> Any:
    """A reading's value, or None where there is none or its quality is not OK."""
    return None if reading is None or name in reading.quality else getattr(reading, name)


def format_plain(value: Any) -> Any:
    """An enum as its word; everything else as it is."""
    return getattr(value, "value", value)
