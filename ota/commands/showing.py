"""What `unitctl update` shows: the present state, the steps before it.

Reads: the status document's part, rows `update_state`, orders.json. Writes: standard output.
Never: reads the journal, which only the updater may.
"""

import argparse
from datetime import datetime
from itertools import pairwise
from typing import Any

from appliance.commands.opening import format_local, open_unit
from appliance.commands.printing import BAD, DIM, PLAIN, Line, Section, show, show_json
from appliance.commands.status import NEEDS_A_PERSON
from appliance.model_updates import UpdateState, UpdateStep
from appliance.settings import Settings
from appliance.status.update import describe_update
from appliance.store.rows import encode_time
from appliance.store.update_holds import find_ended_row, find_update_hold
from ota.disk import Disk
from ota.machine.orders import OrdersFile

MOMENT = "%Y-%m-%d %H:%M"
MOST = 1000
STEPS = {
    UpdateStep.IDLE: "no update is under way",
    UpdateStep.OFFERED: "a release is meant for this unit",
    UpdateStep.PLAN: "looks what of it is here already",
    UpdateStep.DOWNLOAD: "is fetched",
    UpdateStep.VERIFY: "is checked on the disk",
    UpdateStep.GATE: "waits to be installed",
    UpdateStep.INSTALL: "is installed",
    UpdateStep.ARM: "is ready to be tried",
    UpdateStep.GATE2: "waits to be tried",
    UpdateStep.REBOOT: "is being started",
    UpdateStep.TRIAL: "is on trial",
    UpdateStep.HEALTH: "is on trial: what worked before must work again",
    UpdateStep.COMMIT: "is kept",
    UpdateStep.ROLLBACK: "is taken back",
    UpdateStep.REPORT: "has ended",
}


def show_status(arguments: argparse.Namespace) -> int:
    """One screen; exit code 1 where an update needs a person."""
    with open_unit(arguments) as (settings, store):
        found = describe_update(store, settings)
        now = store.clock.stamp().utc
        hold, ended_row = find_update_hold(store, now), find_ended_row(store)
    if arguments.json:
        show_json(found)
    else:
        held = [Line("held", hold)] if hold else []
        lines = [*list_lines(found, settings), *list_orders(settings, now, ended_row), *held]
        show([Section("Updates", lines)])
    return 1 if found["waits_for"] in NEEDS_A_PERSON else 0


def list_lines(found: dict[str, Any], settings: Settings) -> list[Line]:
    step = UpdateStep(found["step"])
    style = BAD if found["waits_for"] in NEEDS_A_PERSON else PLAIN
    lines = [
        Line("runs", found["running_release"] or "as installed, without a release"),
        Line("state", f"{found['release']} {STEPS[step]}".strip()),
        Line("now", found["sentence"], style),
    ]
    if found["asked_at"]:
        mirror = f", {found['mirror']}" if found["mirror"] else ""
        lines.append(Line("asked", format_local(found["asked_at"], settings, MOMENT) + mirror))
    if found["asks_next"]:
        lines.append(Line("asks next", format_local(found["asks_next"], settings, MOMENT)))
    return lines


def list_orders(settings: Settings, now: datetime, ended_row: int) -> list[Line]:
    """What a technician has ordered and still holds; none where orders cannot be read by us."""
    orders = OrdersFile(Disk(), settings.update.dir).read()
    lines = []
    if hold := orders.find_hold(now, ended_row):
        until = orders.hold_until
        ends = f", until {format_local(until, settings, MOMENT)}" if until else ""
        lines.append(Line("held", f"{hold}{ends}"))
    if orders.stick and orders.has_technician(now) and orders.present_until:
        ends = format_local(orders.present_until, settings, MOMENT)
        lines.append(Line("stick", f"{orders.stick}, {orders.technician} is present until {ends}"))
    return lines


def show_history(arguments: argparse.Namespace) -> int:
    return show_steps(arguments, int(arguments.count))


def show_why(arguments: argparse.Namespace) -> int:
    """The steps of the update that is under way, or of the last one."""
    with open_unit(arguments) as (settings, store):
        rows = store.rows(UpdateState, limit=MOST, newest_first=True)
    release = next((row.release for row in rows if row.release), "")
    own = [row for row in rows if row.release == release or row is rows[0]]
    return print_rows(arguments, settings, own[:40])


def show_steps(arguments: argparse.Namespace, count: int) -> int:
    with open_unit(arguments) as (settings, store):
        rows = store.rows(UpdateState, limit=count, newest_first=True)
    return print_rows(arguments, settings, rows)


def print_rows(arguments: argparse.Namespace, settings: Settings, rows: list[UpdateState]) -> int:
    if arguments.json:
        show_json([encode_row(row) for row in rows])
        return 0
    lines = [describe_row(row, settings) for row in drop_shares(rows)]
    show([Section("Updates", lines or [Line("", "there was no update yet", DIM)])])
    return 0


def drop_shares(rows: list[UpdateState]) -> list[UpdateState]:
    """Without the rows that only say how far a download is; newest first."""
    older = {id(row): before for row, before in pairwise(rows)}
    return [row for row in rows if not is_share(row, older.get(id(row)))]


def is_share(row: UpdateState, before: UpdateState | None) -> bool:
    return before is not None and (row.step, row.reason) == (before.step, before.reason)


def describe_row(row: UpdateState, settings: Settings) -> Line:
    at = format_local(encode_time(row.stamp.utc), settings, MOMENT)
    return Line(at, f"{row.step.value}: {row.reason}")


def encode_row(row: UpdateState) -> dict[str, Any]:
    return {
        "at": encode_time(row.stamp.utc),
        "step": row.step.value,
        "release": row.release,
        "running_release": row.running_release,
        "reason": row.reason,
        "waits_for": row.waits_for,
    }
