"""The status document: what the unit is doing and why, in one dictionary.

Reads: the newest rows of every stream, and the settings. Writes: nothing. `unitctl status` and the
web page show it; its shape is appliance/status.schema.json, explained in docs/status.md.
Never: shows an old value as a present one (a stale row says `fresh: false`, and the figures of a
stale battery or charger row are null), or a password.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from appliance.clock import ScaledClock
from appliance.log import redact_all
from appliance.model import (
    BatteryReading,
    BatteryState,
    EnergyBudget,
    EnergyPlanStep,
    EnvironmentReading,
    Fault,
    GpuReading,
    PowerReading,
    ServiceState,
)
from appliance.model_cameras import Event, InferencePlan, InferenceRun
from appliance.settings import Settings
from appliance.status import sleep_and_outlook
from appliance.status.cameras import cameras
from appliance.status.freshness import NOT_YET, Document, seen_at
from appliance.status.loads import reported_loads
from appliance.store.rows import text_of
from appliance.store.store import Store
from appliance.store.tables import PLAN, fresh_s

SCHEMA = 1
FIGURES = ("state_of_charge_pct", "sigma_pct", "energy_wh", "capacity_wh", "time_to_go_s")
PACK = (
    "voltage_v",
    "current_a",
    "state_of_charge_pct",
    "lowest_cell_voltage_v",
    "highest_cell_voltage_v",
    "lowest_temperature_c",
    "highest_temperature_c",
    "cycles",
    "charge_allowed",
    "discharge_allowed",
    "alarms",
)
SUN = ("pv_power_w", "pv_voltage_v", "charge_stage", "yield_today_wh")


def build(store: Store, settings: Settings) -> Document:
    """The status document of this moment. Raises `StoreError`."""
    document = {
        "schema": SCHEMA,
        "unit": unit(store, settings),
        "battery": battery(store, settings),
        "packs": [pack(store, name) for name in settings.bms],
        "sun": sun(store, settings),
        "load": load(store, settings),
        "energy": energy(store),
        "sleep": sleep_and_outlook.sleep(store),
        "outlook": sleep_and_outlook.outlook(store),
        "cameras": cameras(store, settings),
        "inference": inference(store),
        "computer": computer(store),
        "gpus": gpus(store),
        "services": services(store, settings),
        "events": recent_events(store),
        "faults": faults(store, all=False),
    }
    return redact_all(document)


def unit(store: Store, settings: Settings) -> Document:
    """Which unit this is, and its time."""
    scaled = isinstance(store.clock, ScaledClock)
    return {
        "name": settings.unit.name,
        "at": text_of(store.clock.stamp().utc),
        "timezone": settings.site.timezone,
        "speed": settings.clock.speed if scaled else 1,
    }


def battery(store: Store, settings: Settings) -> Document | None:
    """The estimator's belief with the charger's measurements beside it; None before any row."""
    state = store.last(BatteryState)
    if state is None:
        return None
    seen = seen_at(store, state, power_max_age_s(settings))
    believed = state if seen["fresh"] else None
    measured = store.latest(PowerReading, power_max_age_s(settings))
    return seen | {
        **{name: getattr(believed, name, None) for name in FIGURES},
        "voltage_v": measure(measured, "battery_voltage_v"),
        "current_a": measure(measured, "battery_current_a"),
        "temperature_c": measure(measured, "battery_temperature_c"),
        "charge_blocked": believed and believed.charge_blocked,
        "method": believed and believed.method,
        "full_at": sleep_and_outlook.stored(believed.full_at) if believed else None,
    }


def pack(store: Store, name: str) -> Document:
    """What the BMS or shunt of that name says, not what the unit believes."""
    reading = store.last(BatteryReading, device=name)
    seen = seen_at(store, reading)
    fresh = reading if seen["fresh"] else None
    return seen | {"name": name, **{field: measure(fresh, field) for field in PACK}}


def sun(store: Store, settings: Settings) -> Document | None:
    """What the panels give; None before any row."""
    reading = store.last(PowerReading)
    if reading is None:
        return None
    seen = seen_at(store, reading, power_max_age_s(settings))
    fresh = reading if seen["fresh"] else None
    return seen | {name: plain(measure(fresh, name)) for name in SUN}


def load(store: Store, settings: Settings) -> Document:
    """What each load draws, as the services report it; their sum, or None where nobody does."""
    parts = [asdict(part) for part in reported_loads(store, tuple(settings.camera))]
    power_w = round(sum(part["power_w"] for part in parts), 3) if parts else None
    return {"power_w": power_w, "parts": parts}


def energy(store: Store) -> Document | None:
    """The newest budget and its reason; None before any row. Not fresh means: there is none."""
    budget = store.last(EnergyBudget)
    if budget is None:
        return None
    return seen_at(store, budget) | {
        "level": budget.level.name,
        "power_w": budget.power_w,
        "until": text_of(budget.until),
        "reserve_wh": budget.reserve_wh,
        "sun_is_free": budget.sun_is_free,
        "reason": budget.reason,
    }


def inference(store: Store) -> Document | None:
    """The newest plan and what really ran last; None before any plan."""
    plan = store.last(InferencePlan)
    if plan is None:
        return None
    run = store.last(InferenceRun)
    return seen_at(store, plan) | {
        "frames_per_s": plan.frames_per_s,
        "tier": plan.tier.value,
        "reason": plan.reason,
        "provider": run.provider if run else None,
        "model_digest": run.model_digest if run else None,
    }


def computer(store: Store) -> Document | None:
    """The computer's own state; None before any row."""
    reading = store.last(EnvironmentReading)
    if reading is None:
        return None
    return seen_at(store, reading) | {
        "hottest_zone": reading.hottest_zone,
        "hottest_temperature_c": reading.hottest_temperature_c,
        "disk_free_bytes": reading.disk_free_bytes,
        "disk_used_pct": reading.disk_used_pct,
        "memory_available_bytes": reading.memory_available_bytes,
        "power_w": reading.computer_power_w,
        "power_measured": reading.computer_power_measured,
    }


def gpus(store: Store) -> list[Document]:
    """The newest reading of each GPU; empty on a unit without one."""
    names = store.names(GpuReading, "gpu")
    found = [reading for name in names if (reading := store.last(GpuReading, gpu=name))]
    fields = ("power_w", "temperature_c", "utilisation_pct", "memory_used_bytes")
    return [
        {"gpu": reading.gpu}
        | {field: getattr(reading, field) for field in fields}
        | seen_at(store, reading)
        for reading in found
    ]


def services(store: Store, settings: Settings) -> list[Document]:
    """One sentence of each service about itself, the expected ones first and always."""
    said = {state.service: state for state in store.rows(ServiceState)}
    expected = expected_services(settings)
    others = sorted(set(said) - set(expected))
    return [service(store, name, said.get(name)) for name in (*expected, *others)]


def service(store: Store, name: str, state: ServiceState | None) -> Document:
    """One service's entry."""
    max_age_s = fresh_s(EnergyPlanStep if name == PLAN else ServiceState)
    status = state.status if state else NOT_YET
    return {"service": name, "status": status, **seen_at(store, state, max_age_s)}


def expected_services(settings: Settings) -> tuple[str, ...]:
    """The services that a unit with these settings runs, in the order of the energy's flow."""
    return ("power", PLAN, "sensors", *(f"camera@{name}" for name in settings.camera), "inference")


def recent_events(store: Store) -> Document:
    """How many events began in the last 24 hours, and the newest of all."""
    count = store.count(Event, store.clock.stamp().utc - timedelta(hours=24))
    newest = events(store, None, limit=1)
    return {"last_24_h": count, "newest": newest[0] if newest else None}


def events(store: Store, since: datetime | None, limit: int) -> list[Document]:
    """Events from `since` on, newest first, at most `limit`."""
    found = store.rows(Event, since=since, limit=limit, newest_first=True)
    return redact_all([event_of(event) for event in found])


def faults(store: Store, all: bool) -> list[Document]:  # noqa: A002  (the word of the command line)
    """The open faults, newest first; with `all` the past ones too, each with when it `cleared`."""
    if not all:
        return redact_all([fault_of(fault) for fault in store.open_faults()])
    return redact_all(
        [
            fault_of(fault) | {"cleared": fault.cleared and text_of(fault.cleared)}
            for fault in store.rows(Fault, newest_first=True)
        ]
    )


def event_of(event: Event) -> Document:
    """One event as people and programs get it."""
    box = event.box
    return {
        "event_id": event.event_id,
        "at": text_of(event.stamp.utc),
        "last_seen": text_of(event.last_seen),
        "camera": event.camera,
        "label": event.label,
        "confidence": event.confidence,
        "frames": event.frames,
        "box": [box.left, box.top, box.right, box.bottom],
        "snapshot": event.snapshot,
        "clip": event.clip,
        "energy_level": event.energy_level.name,
        "energy_j": event.energy_j,
        "energy_measured": event.energy_measured,
        "model_digest": event.model_digest,
        "tier": event.tier.value,
        "provider": event.provider,
        "threshold": event.threshold,
        "reason": event.reason,
        "rule": event.rule,
        "woken_by": event.woken_by,
        "drops": event.drops,
        "scores": dict(event.scores),
    }


def fault_of(fault: Fault) -> Document:
    """One fault. It is written once, so `at` (its row) and `since` (its start) are one time."""
    at = text_of(fault.stamp.utc)
    return {
        "code": fault.code,
        "source": fault.source,
        "text": fault.text,
        "since": at,
        "at": at,
    }


def power_max_age_s(settings: Settings) -> float:
    """How old a battery or charger row may be: a minute, or three polls of a slow bus."""
    return max(fresh_s(PowerReading), 3 * settings.meter.poll_every_s)


def measure(reading: PowerReading | BatteryReading | None, name: str) -> Any:
    """A reading's value, or None where there is none or its quality is not OK."""
    return None if reading is None or name in reading.quality else getattr(reading, name)


def plain(value: Any) -> Any:
    """An enum as its word; everything else as it is."""
    return getattr(value, "value", value)
