"""A fleet of any size as rows of its database, by SQL: units in and round the Carpathians.

    fill(engine, 10_000, now)

Reads: nothing. Writes: the tables `unit`, `fault`, `refusal` and `rollout` of an empty database.
Never: differs between two runs: chance has a seed.
"""

import json
import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from ota.fleet.database.tables import fault, refusal, rollout, unit

OLD, PRESENT, NEXT = "2026.08", "2026.10", "2026.11"
GROUPS = ("hills", "plain", "delta", "first")
# Name, latitude, longitude (degrees), how many of a hundred, how far they scatter (degrees).
PLACES = (
    ("apuseni", 46.5, 23.0, 14, 0.35),
    ("bucegi", 45.4, 25.5, 9, 0.3),
    ("maramures", 47.7, 24.2, 10, 0.3),
    ("banat", 45.3, 21.9, 8, 0.35),
    ("dobrogea", 44.6, 28.3, 8, 0.3),
    ("vrancea", 45.9, 26.7, 8, 0.3),
    ("oltenia", 44.5, 23.8, 8, 0.4),
    ("harghita", 46.5, 25.6, 9, 0.3),
    ("suceava", 47.5, 25.6, 7, 0.3),
    ("orhei", 47.3, 28.8, 5, 0.35),
    ("rila", 42.2, 23.5, 6, 0.3),
    ("zlatibor", 43.8, 19.9, 4, 0.25),
    ("hortobagy", 47.5, 21.1, 4, 0.25),
)
# Of a thousand units.
STATES = {
    "fine": 764,
    "asleep": 130,
    "updating": 42,
    "fault": 24,
    "silent": 18,
    "never": 8,
    "doubted": 4,
    "revoked": 10,
}
WAITS = (
    ("energy", "the update waits: 34 % charge, needs 60 %"),
    ("window", "the update waits for the rollout's hours, 22:00-05:00"),
    ("hold", "updates are held: lambing until Friday"),
    ("clock", "the update waits: no time server has confirmed the clock since the start"),
)
FAULTS = (
    ("camera", "camera@yard", "the camera at 10.0.0.7 does not answer"),
    ("bus", "power", "the charge controller on /dev/appliance/charger does not answer"),
    ("pv-decline", "power", "the panels give 31 % less than a year ago: clean them"),
    ("battery", "power", "cell 3 is 0.19 V lower than the others"),
    ("disk", "sensors", "the disk is 96 % full"),
)
STEPS = ("download", "verify", "install", "probation")
PARTS = 1000  # rows in one statement


def fill(engine: Engine, count: int, now: datetime) -> None:
    chance = random.Random(20)
    units = [make_unit(number, chance, now) for number in range(count)]
    with engine.begin() as connection:
        for first in range(0, count, PARTS):
            connection.execute(insert(unit), units[first : first + PARTS])
        found = connection.execute(select(unit.c.id, unit.c.fault_count).order_by(unit.c.id))
        faults = [one for row in found for one in make_faults(row.id, row.fault_count, chance, now)]
        if faults:
            connection.execute(insert(fault), faults)
        connection.execute(insert(rollout), [make_done(count, now), make_rollout(count, now)])


def make_unit(number: int, chance: random.Random, now: datetime) -> dict[str, Any]:
    place = chance.choices(PLACES, [one[3] for one in PLACES])[0]
    (state,) = chance.choices([*STATES], [*STATES.values()])
    row = {
        "name": f"{place[0]}-{number + 1:03}",
        "fleet_group": "first" if number % 40 == 0 else chance.choice(GROUPS[:3]),
        "serial": f"{chance.getrandbits(64):016x}",
        "key_sha256": f"{chance.getrandbits(256):064x}",
        "public_key": "-",
        "entered_at": now - timedelta(days=chance.randint(20, 400)),
        **make_report(place, chance, now),
    }
    return {**row, **change(state, row, chance, now)}


def make_report(
    place: tuple[str, float, float, int, float], chance: random.Random, now: datetime
) -> dict[str, Any]:
    """Of a unit that is fine."""
    charge_pct = round(chance.triangular(18, 100, 78), 1)
    received_at = now - timedelta(minutes=chance.expovariate(1 / 90))
    waits_for, reason = chance.choice(WAITS) if chance.random() < 0.08 else ("", "")
    release = chance.choices((OLD, PRESENT, NEXT), (6, 68, 26))[0]
    return {
        "revoked_at": None,
        "revoked_reason": None,
        "doubt": "",
        "reported_at": received_at,
        "received_at": received_at,
        "report_sha256": f"{chance.getrandbits(256):064x}",
        "report": json.dumps({"format": 1, "running_release": release}),
        "running_release": release,
        "step": "idle",
        "release": NEXT if waits_for else "",
        "reason": reason or f"{release} runs, and nothing newer is offered",
        "waits_for": waits_for,
        "failed_releases": "[]",
        "expected_at": None,
        "level": "FULL" if charge_pct > 70 else "ECO" if charge_pct > 40 else "SENTINEL",
        "charge_pct": charge_pct,
        "autonomy_days": round(charge_pct / 100 * chance.uniform(2, 6), 1),
        "sun_week_kwh": round(max(0.0, chance.gauss(6.5, 2.2)), 1),
        "latitude_deg": round(chance.gauss(place[1], place[4]), 2),
        "longitude_deg": round(chance.gauss(place[2], place[4] * 1.4), 2),
        "fault_count": 0,
    }


def change(state: str, row: dict[str, Any], chance: random.Random, now: datetime) -> dict[str, Any]:
    """What differs in that state."""
    long_ago = now - timedelta(hours=chance.uniform(40, 400))
    nothing = dict.fromkeys(("reported_at", "received_at", "report_sha256", "report"))
    unknown = ("level", "charge_pct", "autonomy_days", "sun_week_kwh")
    changes: dict[str, dict[str, Any]] = {
        "asleep": {
            "expected_at": now + timedelta(hours=chance.uniform(1, 40)),
            "received_at": now - timedelta(hours=chance.uniform(3, 60)),
            "level": "HIBERNATE",
            "charge_pct": round(chance.uniform(4, 22), 1),
        },
        "updating": {
            "step": chance.choice(STEPS),
            "release": NEXT,
            "running_release": PRESENT,
            "reason": f"{NEXT} is on its way",
        },
        "fault": {"fault_count": chance.choice((1, 1, 1, 2))},
        "silent": {"received_at": long_ago, "reported_at": long_ago},
        "never": {
            **nothing,
            **dict.fromkeys(unknown),
            **dict.fromkeys(("running_release", "reason", "step", "release", "waits_for"), ""),
            **dict.fromkeys(("latitude_deg", "longitude_deg")),
        },
        "doubted": {"doubt": "two boxes have this identity, or one was put back from a backup"},
        "revoked": {"revoked_at": long_ago, "revoked_reason": "stolen"},
    }
    return changes.get(state, {})


def make_faults(
    unit_id: int, count: int, chance: random.Random, now: datetime
) -> list[dict[str, Any]]:
    return [
        {
            "unit_id": unit_id,
            "code": code,
            "source": source,
            "text": text,
            "since": now - timedelta(hours=chance.uniform(1, 90)),
        }
        for code, source, text in chance.sample(FAULTS, count)
    ]


def make_rollout(count: int, now: datetime) -> dict[str, Any]:
    """The second of three waves, as the worker notes it."""
    reason = "86% of the units of wave 10% that answer have committed, 90% are needed"
    first, second = max(1, count // 100), max(1, count // 11)
    definition = {
        "release": NEXT,
        "group": "all",
        "waves": [
            {"name": name, "units": None, "percent": percent}
            for name, percent in (("1%", 1), ("10%", 10), ("100%", 100))
        ],
        "window": "22:00-05:00",
        "success_pct": 90,
        "failure_pct": 5,
        "soak_h": 24,
        "state": "running",
        "wave": 1,
        "wave_since": f"{now - timedelta(hours=30):%Y-%m-%dT%H:%M:%SZ}",
        "reached_at": None,
        "reason": "the rollout began",
        "history": [],
    }
    waves = {
        "1%": {"committed": first, "failed": 0, "asleep": 0, "silent": 0, "waiting": 0},
        "10%": {
            "committed": second * 3 // 4,
            "failed": 1,
            "asleep": second // 10,
            "silent": second // 30,
            "waiting": second // 9,
        },
    }
    counts = {"waves": waves, "paused": 0, "outlook": reason}
    return {
        "name": "november",
        "definition": json.dumps(definition),
        "counts": json.dumps(counts),
        "at": now - timedelta(minutes=3),
    }


def make_done(count: int, now: datetime) -> dict[str, Any]:
    """The rollout before it, which went through."""
    row = make_rollout(count, now - timedelta(days=31))
    reason = f"all units that were heard of have committed {PRESENT}"
    ended = {"release": PRESENT, "wave": 2, "state": "done", "reason": reason}
    rest = {"committed": count * 97 // 100, "asleep": count // 200, "silent": count // 100}
    waves = {"waves": {"100%": {**rest, "failed": 0, "waiting": 0}}}
    return {
        **row,
        "name": "october",
        "definition": json.dumps(json.loads(row["definition"]) | ended),
        "counts": json.dumps(waves | {"paused": 0, "outlook": None}),
    }


# What a unit may be called: it is a text, whatever it looks like.
HOSTILE = (
    "<script>window.wasRun = 1</script>",
    "<img src=x onerror=window.wasRun=1>",
    "\u202egnisrever \u202d& 'quoted' \"twice\"",
    "עברית مزرعة",
    "🐑🔋 // ../ %2F ?#",
    "W" * 80,
)


def fill_hostile(engine: Engine, now: datetime) -> None:
    """Units in the Black Sea whose every text is a hostile one; the first of them is doubted."""
    chance = random.Random(7)
    rows = []
    for number, name in enumerate(HOSTILE):
        row = make_unit(number, chance, now) | change("fault", {}, chance, now)
        place = {"latitude_deg": 43.4, "longitude_deg": 31.0 + number}
        texts = dict.fromkeys(("running_release", "reason", "fleet_group"), name)
        waits_for, doubt = name[:40], "" if number else f"two boxes are {name}"
        row |= {"name": name, "waits_for": waits_for, "doubt": doubt, "revoked_at": None}
        rows.append(row | place | texts | {"received_at": now, "expected_at": None})
    with engine.begin() as connection:
        connection.execute(insert(unit), rows)
        for name in HOSTILE:
            unit_id = connection.execute(select(unit.c.id).where(unit.c.name == name)).scalar_one()
            texts = dict.fromkeys(("code", "source", "text"), name)
            connection.execute(insert(fault), {"unit_id": unit_id, "since": now, **texts})
            connection.execute(insert(refusal), make_refusal(name, now))


def make_refusal(name: str, now: datetime) -> dict[str, Any]:
    times = {"first_at": now - timedelta(hours=2), "last_at": now}
    texts = {"unit_name": name, "reason_code": "cloned", "text": f"not taken: {name}"}
    return {**texts, **times, "address": "192.0.2.7", "count": 3}
