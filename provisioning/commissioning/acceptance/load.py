"""Check: switching a load shows its power, the sign of the battery's current and the resistance.

Reads: PowerReading rows before, while and after the load is switched. Writes: orders to PID 1.
Never: switches a host, a source, a heater or what an event turns on; or keeps a load other than it
was for longer than `PHASE`.
"""

from collections.abc import Iterator

from appliance.errors import HostError
from appliance.model import PowerReading
from appliance.sections.loads import RunsWhen
from appliance.wording.sentence import say
from power.battery.resistance import HELD
from power.battery.voltage_curve import derive_facts
from provisioning.commissioning.acceptance.limits import (
    LEAST_DROP,
    LEAST_STEP,
    NOISE_SIGMAS,
    PHASE,
    READING_AGE,
    RESISTANCE_SHARE,
    SAMPLES,
    SETTLE,
)
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.acceptance.steps_of_current import (
    Sample,
    Seen,
    compare,
    take_sample,
)
from provisioning.commissioning.acceptance.switching import is_running, switched
from provisioning.commissioning.findings import Figure, Finding, Verdict

TITLE = say("Switching a load shows current and resistance")
NAME, LOOK_EVERY_S = "load", 0.5


def check_load(scene: Scene) -> Finding:
    """Switch, measure, switch back, compare."""
    name = choose_switch(scene)
    if name is None:
        return refuse(say("the settings name no load that may be switched for a test"))
    ran = is_running(scene, name)
    reading = scene.find(PowerReading, READING_AGE.value)
    if ran is None or reading is None:
        return refuse(say("PID 1 or the power devices do not answer, so nothing was switched"))
    if reading.charge_stage in HELD:
        return refuse(
            say(
                "the charger holds the battery's voltage, so a load does not change its current: "
                "test again in the evening, or earlier on a day"
            )
        )
    try:
        running, off = measure(scene, name, ran=ran)
    except HostError as error:
        return Finding(NAME, TITLE, Verdict.FAILED, str(error.args[0]))
    return judge(scene, name, compare(running, off))


def refuse(reason: str) -> Finding:
    return Finding(NAME, TITLE, Verdict.NOT_POSSIBLE, reason)


def choose_switch(scene: Scene) -> str | None:
    """The one that was wished for, else the one that draws most."""
    found = {
        name: one
        for name, one in scene.settings.switch.items()
        if one.runs_when is RunsWhen.LEVEL
        and not one.is_host
        and name not in scene.settings.decided_switches
    }
    wished = scene.wishes.get("switch")
    if wished is not None:
        return str(wished) if wished in found else None
    return max(found, key=lambda name: found[name].idle_w, default=None)


def measure(scene: Scene, name: str, *, ran: bool) -> tuple[list[Sample], list[Sample]]:
    """Samples while it ran, and while it was off: as it was, the other way, as it was again."""
    before = collect(scene)
    with switched(scene, name, ran=ran) as load:
        load.set(runs=not ran)
        scene.wait(SETTLE.value)
        other = collect(scene)
    scene.wait(SETTLE.value)
    as_found = [*before, *collect(scene)]
    return (as_found, other) if ran else (other, as_found)


def collect(scene: Scene) -> list[Sample]:
    """The next readings, as many as come within the time of a phase."""
    found: dict[float, Sample] = {}
    begins_s = scene.unit.clock.stamp().uptime_s
    while len(found) < SAMPLES.value:
        now_s = scene.unit.clock.stamp().uptime_s
        if now_s - begins_s > PHASE.value - SETTLE.value:
            break
        reading = scene.find(PowerReading, READING_AGE.value)
        if reading is not None and reading.stamp.uptime_s >= begins_s:
            found[reading.stamp.uptime_s] = take_sample(reading)
        scene.wait(LOOK_EVERY_S)
    return list(found.values())


def judge(scene: Scene, name: str, seen: Seen) -> Finding:
    """What the differences say."""
    verdict, reason = find_verdict(scene, name, seen)
    return Finding(NAME, TITLE, verdict, reason, tuple(list_figures(scene, name, seen)))


def find_verdict(scene: Scene, name: str, seen: Seen) -> tuple[Verdict, str]:
    """The sign first: with a wrong one the rest means nothing."""
    step = seen.amps
    if step is None:
        return Verdict.FAILED, say(
            "the battery's current is not known: a fault (`unitctl faults`) names the device and "
            "what to do"
        )
    if not step.is_clear(NOISE_SIGMAS.value, LEAST_STEP.value):
        return Verdict.NOT_POSSIBLE, say(
            "switching {name} changed the battery's current by {amps:.2f} A, which is lost in the "
            "noise of {sigma:.2f} A: name a larger load as `switch` in [acceptance]",
            name=name,
            amps=step.value,
            sigma=step.sigma,
        )
    if step.value > 0:
        return Verdict.FAILED, say(
            "the battery's current has the wrong sign: with {name} on, {amps:.2f} A more seem to "
            "flow into it; set {key}, or turn the shunt round",
            name=name,
            amps=step.value,
            key=find_key(scene),
        )
    return judge_resistance(scene, seen)


def judge_resistance(scene: Scene, seen: Seen) -> tuple[Verdict, str]:
    """Of cells, wires and contacts, against the usual one of such a battery."""
    ohm, usual_ohm = seen.ohm, find_usual_ohm(scene)
    is_seen = seen.volts is not None and seen.volts.is_clear(NOISE_SIGMAS.value, LEAST_DROP.value)
    if ohm is None or ohm.value <= 0 or not is_seen:
        return Verdict.PASSED, say(
            "the current has the right sign; the change of the voltage is lost in its noise, so "
            "the resistance is not known"
        )
    if ohm.value > RESISTANCE_SHARE.value * usual_ohm:
        return Verdict.FAILED, say(
            "the resistance of {ohm:.4g} ohm is {times:.1f} times the usual one of such a battery: "
            "tighten its terminals, look at the fuse and the length of its wires",
            ohm=ohm.value,
            times=ohm.value / usual_ohm,
        )
    return Verdict.PASSED, say("the current has the right sign, and the resistance is usual")


def find_usual_ohm(scene: Scene) -> float:
    """By the kind and size of the battery."""
    facts = derive_facts(scene.settings.battery)
    return facts.cell_ohm * facts.cells


def find_key(scene: Scene) -> str:
    """The key of the settings that turns the sign; a BMS or shunt measures before a charger."""
    settings = scene.settings
    table = "bms" if settings.bms else "charger"
    devices = settings.bms or settings.charger
    turned = any(one.invert_current for one in devices.values())
    name = next(iter(devices)) if len(devices) == 1 else "NAME"
    return f"invert_current = {'false' if turned else 'true'} in [{table}.{name}]"


def list_figures(scene: Scene, name: str, seen: Seen) -> Iterator[Figure]:
    """Each difference with its noise."""
    yield Figure(say("Load that was switched"), name)
    for title, unit, step in (
        (say("Current by the load"), "A", seen.amps),
        (say("Voltage by the load"), "V", seen.volts),
        (say("Power of the load"), "W", seen.load_w),
        (say("Resistance of battery and wires"), "ohm", seen.ohm),
    ):
        if step is not None:
            yield Figure(title, round(step.value, 5), unit)
            yield Figure(say("{title}: uncertainty", title=title), round(step.sigma, 5), unit)
    yield Figure(say("Usual resistance"), round(find_usual_ohm(scene), 5), "ohm")
