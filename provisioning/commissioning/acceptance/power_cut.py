"""Check: the technician pulls the plug, and the unit comes back by itself.

It is offered; wished for, a file is armed before the plug is pulled, and the evidence is read after
the boot: another boot id, and how long it took until the energy level was back.

Reads and writes: power-cut.json; reads EnergyBudget and Wake rows.
Never: cuts anything itself, or takes an orderly restart for a power cut.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from appliance.model import AFTER_CUT, EnergyBudget, EnergyLevel, Wake
from appliance.parsing.small_file import read_kept_file
from appliance.store.durable_files import replace_file
from appliance.strict_json import InputError, parse_object
from appliance.wording.sentence import as_plain, join_sentences, say
from provisioning.commissioning.acceptance.limits import LEVEL_BACK
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.findings import Figure, Finding, Verdict
from provisioning.commissioning.unit import Unit

NAME, TITLE = "power cut", say("The unit comes back after a power cut")
UNKNOWN = say(
    "no energy level is known, with which that after the cut could be compared: see that the power "
    "service runs, and test again"
)
FILE, MOST_BYTES, MOST_ROWS = "power-cut.json", 4096, 5000


@dataclass(frozen=True, slots=True)
class Armed:
    """How the unit was before the plug is pulled."""

    boot_id: str
    level: EnergyLevel


def check_power_cut(scene: Scene) -> Finding:
    """Offer it, wait for it, or say how it went."""
    armed, boot_id = read_armed(scene.unit), scene.unit.clock.stamp().boot_id
    if armed is not None and armed.boot_id != boot_id:
        return judge(scene, armed)
    if not scene.wishes.get("power_cut"):
        reason = say("it was offered; `power_cut = true` in [acceptance] tests it")
        return Finding(NAME, TITLE, Verdict.NOTED, reason)
    if armed is None:
        budget = scene.find(EnergyBudget)
        if budget is None:
            return Finding(NAME, TITLE, Verdict.NOT_POSSIBLE, UNKNOWN)
        arm(scene, budget.level)
    reason = say(
        "pull the plug of the computer now, put it back after ten seconds, and do the acceptance "
        "test again when the unit is back"
    )
    return Finding(NAME, TITLE, Verdict.NOT_POSSIBLE, reason)


def find_file(unit: Unit) -> Path:
    return unit.directory / FILE


def read_armed(unit: Unit) -> Armed | None:
    """None where it is not armed, or the file is damaged: it is then armed anew."""
    try:
        data = read_kept_file(find_file(unit), MOST_BYTES)
        tree = parse_object(data, most_bytes=MOST_BYTES)
        return Armed(str(tree["boot_id"]), EnergyLevel[str(tree["level"])])
    except (FileNotFoundError, InputError, KeyError):
        return None


def is_waiting(unit: Unit) -> bool:
    """Whether it is armed and the plug was not pulled yet."""
    armed = read_armed(unit)
    return armed is not None and armed.boot_id == unit.clock.stamp().boot_id


def arm(scene: Scene, level: EnergyLevel) -> None:
    """On the disk when it returns."""
    tree = {"boot_id": scene.unit.clock.stamp().boot_id, "level": level.name}
    path = find_file(scene.unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(tree).encode())


def judge(scene: Scene, armed: Armed) -> Finding:
    """After the boot."""
    now = scene.unit.clock.stamp()
    wake = scene.store.last(Wake) if scene.store else None
    if wake and wake.stamp.boot_id == now.boot_id and as_plain(wake.cause) != as_plain(AFTER_CUT):
        reason = say(
            "it was restarted in order ({cause}), not cut off: pull the plug while it runs",
            cause=wake.cause,
        )
        return Finding(NAME, TITLE, Verdict.NOT_POSSIBLE, reason)
    back_s = find_back_s(scene, now.boot_id, armed.level)
    if back_s is not None:
        return judge_time(armed.level, back_s)
    if now.uptime_s < LEVEL_BACK.value:
        reason = say("{level} is not back yet: test again in some minutes", level=armed.level)
        return Finding(NAME, TITLE, Verdict.NOT_POSSIBLE, reason)
    reason = say(
        "{level} is not back after {seconds:.0f} s: `unitctl energy why` says what holds it",
        level=armed.level,
        seconds=now.uptime_s,
    )
    return Finding(NAME, TITLE, Verdict.FAILED, reason)


def judge_time(level: EnergyLevel, back_s: float) -> Finding:
    """That it is back, and not too late."""
    reason = say(
        "{level} was back {seconds:.0f} s after the start of the computer",
        level=level,
        seconds=back_s,
    )
    figures = (Figure(say("Until the energy level was back"), round(back_s, 1), "s"),)
    if back_s <= LEVEL_BACK.value:
        return Finding(NAME, TITLE, Verdict.PASSED, reason, figures)
    late = say(
        "more than {most:.0f} s: `unitctl energy why` says what held it", most=LEVEL_BACK.value
    )
    return Finding(NAME, TITLE, Verdict.FAILED, join_sentences(", ", [reason, late]), figures)


def find_back_s(scene: Scene, boot_id: str, level: EnergyLevel) -> float | None:
    """Seconds from the boot to the first budget of that level or a higher one."""
    rows = scene.store.rows(EnergyBudget, limit=MOST_ROWS, newest_first=True) if scene.store else []
    reached = [
        one.stamp.uptime_s for one in rows if one.stamp.boot_id == boot_id and one.level >= level
    ]
    return min(reached, default=None)
