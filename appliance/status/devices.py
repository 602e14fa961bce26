"""Each power device with all its values: what it is, how it answers, what is wrong with it.

    for device in describe_devices(store, settings): device["name"], device["values"]

Reads: DeviceState, BatteryReading, SetPoints, SourceState, open faults, the settings. Writes:
nothing.
Never: shows a figure of a device that does not answer, or of an old row, as one of now.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from appliance.log import redact_all
from appliance.model import BatteryReading, Fault
from appliance.model_set_points import DeviceState, SetPoints
from appliance.settings import BmsSettings, ChargerSettings, Settings
from appliance.status.freshness import Document, describe_age
from appliance.status.packs import describe_cells
from appliance.status.sources import describe_sources
from appliance.store.rows import encode_time
from appliance.store.store import Store

SET_POINT_FIELDS = (
    *("absorption_v", "float_v", "equalize_v", "equalizes", "compensation_v_per_c"),
    *("lvd_v", "lvr_v", "charge_from_c", "charge_until_c", "battery_type", "system_v", "cells"),
    *("uvp_v", "ovp_v", "recharge_v", "over_voltage_v", "load_mode"),
)
# What a charger repeats of its settings in its readings stands once, with the set-points.
REPEATED = ("absorption_v", "float_v", "compensation_v_per_c", "lvd_v", "cell_uvp_v")


def describe_devices(store: Store, settings: Settings) -> list[Document]:
    """All of them: charge controllers, batteries and shunts, second sources, switched loads."""
    states = {state.device: state for state in store.rows(DeviceState)}
    faults = store.list_open_faults()
    found = [
        *(
            describe_device(store, f"{kind} {name}", one, states, faults)
            for kind, named in (("charger", settings.charger), ("bms", settings.bms))
            for name, one in named.items()
        ),
        *(describe_source(one, faults) for one in describe_sources(store, settings)),
        *(
            describe_switch(store, settings, name, states.get(f"switch {name}"), faults)
            for name in settings.switch
        ),
    ]
    return redact_all(found)


def describe_device(
    store: Store,
    title: str,
    one: ChargerSettings | BmsSettings,
    states: Mapping[str, DeviceState],
    faults: list[Fault],
) -> Document:
    """A charge controller, a battery or a shunt."""
    state = states.get(title)
    kind, _, name = title.partition(" ")
    seen = describe_age(store, state)
    return make_entry(title, kind=kind, model=one.model) | {
        **seen,
        "port": one.port,
        "address": one.device_id,
        "state": find_state(state, fresh=seen["fresh"]),
        **describe_polls(state),
        "values": list_values(state) if seen["fresh"] else [],
        "not_given": list_absent(state) if seen["fresh"] else [],
        "set_points": describe_set_points(store, title),
        "cells": describe_newest_cells(store, name) if kind == "bms" else None,
        "faults": list_faults(faults, kind, name),
    }


def make_entry(title: str, *, kind: str, model: str) -> Document:
    """What each entry has; None and empty where that kind of device has none of it."""
    nothing: Document = dict.fromkeys(("port", "address", "sentence", "cells", "level", "watts"))
    polls: Document = dict.fromkeys(("polls", "failed_polls", "error", "last_error"))
    lists: Document = {"values": [], "not_given": [], "set_points": [], "faults": []}
    head = {"title": title, "kind": kind, "name": title.partition(" ")[2], "model": model}
    return {**head, **nothing, **polls, "last_error_at": None, **lists}


def find_state(state: DeviceState | None, *, fresh: bool) -> str:
    """In one word how it answers: `answers`, `silent`, `waits` (is asked less often), `old` (the
    row), `never`.
    """
    if state is None:
        return "never"
    if not fresh:
        return "old"
    if state.waits:
        return "waits"
    return "silent" if state.error else "answers"


def describe_polls(state: DeviceState | None) -> Document:
    """How often it was asked, and what failed last."""
    if state is None:
        return {}
    return {
        "polls": state.polls,
        "failed_polls": state.failed_polls,
        "error": state.error or None,
        "last_error": state.last_error or None,
        "last_error_at": encode_time(state.last_error_at) if state.last_error_at else None,
    }


def list_values(state: DeviceState | None) -> list[Document]:
    """Its figures, then what it says in words, then what cannot be used, each with its age."""
    if state is None:
        return []
    known: dict[str, Any] = {**state.figures, **state.words}
    return [
        *(make_value(name, known[name], "ok", state) for name in known if name not in REPEATED),
        *(
            make_value(name, None, quality.value, state)
            for name, quality in state.quality.items()
            if quality.value != "absent" and name not in REPEATED
        ),
    ]


def make_value(name: str, value: Any, quality: str, state: DeviceState) -> Document:
    """`age_s`: how much older it is than the poll; 0 in most."""
    age_s = round(state.ages_s.get(name, 0.0), 1)
    return {"name": name, "value": value, "quality": quality, "age_s": age_s}


def list_absent(state: DeviceState | None) -> list[str]:
    """What it does not have."""
    bad = state.quality.items() if state else ()
    return [name for name, one in bad if one.value == "absent" and name not in REPEATED]


def describe_set_points(store: Store, title: str) -> list[Document]:
    """What it is set to, as far as it says so."""
    row = store.last(SetPoints, device=title)
    if row is None:
        return []
    found = ((name, getattr(row, name)) for name in SET_POINT_FIELDS)
    return [{"name": name, "value": value} for name, value in found if value is not None]


def describe_newest_cells(store: Store, name: str) -> list[Document] | None:
    """All cells of a pack that answers."""
    return describe_cells(store.latest(BatteryReading, device=name))


def list_faults(faults: list[Fault], kind: str, name: str) -> list[Document]:
    """Its open faults: those whose code ends with its kind and name."""
    return [describe_fault(one) for one in faults if one.code.endswith(f"-{kind}-{name}")]


def describe_fault(fault: Fault) -> Document:
    return {"code": fault.code, "text": fault.text, "since": encode_time(fault.stamp.utc)}


def describe_source(source: Document, faults: list[Fault]) -> Document:
    """A second source."""
    names = ("power_w", "run_h", "energy_kwh", "fuel_left_kwh", "starts", "failures", "cost")
    name, fresh = source["name"], source["fresh"]
    state = ("locked" if source["locked"] else "answers") if fresh else "old"
    values = [
        {"name": one, "value": source[one], "quality": "ok", "age_s": 0.0}
        for one in names
        if fresh and source[one] is not None
    ]
    return make_entry(f"source {name}", kind="source", model=source["kind"]) | {
        "at": source["at"],
        "fresh": fresh,
        "state": state if source["at"] else "never",
        "sentence": source["sentence"],
        "values": values,
        "faults": [describe_fault(one) for one in faults if one.code.endswith(f"-{name}")],
    }


def describe_switch(
    store: Store, settings: Settings, name: str, state: DeviceState | None, faults: list[Fault]
) -> Document:
    """A switched load; a host draws more when it works."""
    one = settings.switch[name]
    seen = describe_age(store, state)
    ordered = state.words.get("ordered") if state and seen["fresh"] else None
    kind = "host" if one.is_host else "switch"
    return make_entry(f"switch {name}", kind=kind, model=one.kind.value) | {
        **seen,
        "state": ordered or ("old" if state else "never"),
        "level": one.runs_from.name,
        "watts": list(list_watts(one.idle_w, one.full_w)),
        "faults": [
            describe_fault(fault) for fault in faults if fault.code == f"load-switch-{name}"
        ],
    }


def list_watts(*watts: float) -> Iterator[float]:
    """What it draws idle and at work, as far as the settings say so."""
    yield from (one for one in watts if one > 0)
