"""The step "power_devices": charge controllers, batteries and shunts, found by asking.

Reads: the settings, what the power service says of each device, replies of devices. Writes:
[charger.NAME] and [bms.NAME] of the settings, in one change; orders to PID 1.
Never: takes a working device's section away because it is silent: only with `remove`, or on a unit
that was never set up, where it is an example's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from appliance.model_set_points import DeviceState
from appliance.settings import Settings
from appliance.settings_change.history import Entry
from appliance.wording.sentence import Sentence, join_sentences, say, say_count
from power.probe import PortReport
from power.probe.ports import list_serial_ports
from power.probe.sections import list_named
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.paused_service import find_state
from provisioning.commissioning.readings import list_fresh
from provisioning.commissioning.step import HAS_CHANGED, Kind, Outcome, Question, Status
from provisioning.commissioning.steps.power_search import (
    SERVICE,
    Plan,
    Search,
    choose_ports,
    compare,
    read_models,
    search_with_probe,
)
from provisioning.commissioning.unit import Unit

ANSWERS_IN_S, LOOK_EVERY_S = 90.0, 0.5
STARTS_IN_S = 20.0  # until a power service that has just started has asked all
NONE = say(
    "no known power device answers: look at the plug of the adapter, at the cable from it to the "
    "charge controller, and whether the battery is connected"
)


@dataclass(frozen=True)
class PowerDevicesStep:
    """What measures sun, battery and load. `answers_in_s`: how long they may take to answer."""

    name: str = "power_devices"
    table: str = "power_devices"
    keys: tuple[str, ...] = ("ports", "models", "remove")
    list_ports: Callable[[], Sequence[str]] = list_serial_ports
    search: Search = search_with_probe
    answers_in_s: float = ANSWERS_IN_S

    @property
    def title(self) -> Sentence:
        return say("charge controller and battery")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        settings = unit.settings()
        choose_ports(settings, (), answers)
        read_models(answers)
        states = find_states(unit)
        silent = [one for one in list_titles(settings) if one not in states]
        if settings.power_devices and not silent:
            return describe(states)
        if not settings.power_devices:
            return Outcome(Status.TO_DO, say("the settings name no power device: they are asked"))
        which = ", ".join(silent)
        return Outcome(Status.TO_DO, say("no answer of {which}: all ports are asked", which=which))

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        settings = unit.settings()
        if settings.power_devices and find_state(unit.host, SERVICE) == "active":
            silent = self._wait_for_all(unit, min(self.answers_in_s, STARTS_IN_S))
            if not silent:  # it had just started
                return Outcome(Status.DONE, say("all answer"), facts={HAS_CHANGED: False})
        return self._search(unit, answers, settings)

    def _search(self, unit: Unit, answers: Answers, settings: Settings) -> Outcome:
        ports = choose_ports(settings, self.list_ports(), answers)
        reports = self.search(unit, ports)
        is_new = unit.record.find(self.name) is None
        plan = compare(settings, reports, answers, is_new=is_new)
        if not plan.count:
            return Outcome(Status.BLOCKED, explain_none(reports))
        if plan.ambiguous:
            return ask_models(plan)
        if plan.changes:
            unit.change_settings(plan.changes, why="commissioning: power devices")
        if plan.silent:
            return Outcome(Status.BLOCKED, explain_silent(plan.silent))
        found = say_count("{count} device answers", "{count} devices answer", plan.count)
        return Outcome(Status.DONE, found, facts={HAS_CHANGED: bool(plan.changes)})

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        if not unit.settings().power_devices:
            return Outcome(Status.BLOCKED, NONE)
        silent = self._wait_for_all(unit, self.answers_in_s)
        if not silent:
            return describe(find_states(unit))
        return Outcome(
            Status.BLOCKED,
            say(
                "the power service has no answer of {which} yet: look at `unitctl power devices`, "
                "then take the step again",
                which=", ".join(silent),
            ),
        )

    def _wait_for_all(self, unit: Unit, limit_s: float) -> list[str]:
        """Which devices of the settings have no answer within that time (real seconds)."""
        clock, never = unit.clock, Event()
        ends_s = clock.media_s() + limit_s
        while True:
            states = find_states(unit)
            silent = [one for one in list_titles(unit.settings()) if one not in states]
            if not silent or clock.media_s() > ends_s:
                return silent
            clock.wait_media(LOOK_EVERY_S, never)


def list_titles(settings: Settings) -> list[str]:
    """The devices of the settings as the power service calls them: "charger main"."""
    return [f"{kind} {name}" for kind, named in list_named(settings).items() for name in named]


def find_states(unit: Unit) -> dict[str, DeviceState]:
    """Those that answer now, by title; not what they answered before their section was changed."""
    found = list_fresh(unit, DeviceState)
    good = [one for one in found if not one.error and one.measured_at is not None]
    changes = [one for one in unit.keeper.history.list_entries() if concerns_devices(one)]
    return {one.device: one for one in good if not any(is_before(one, past) for past in changes)}


def concerns_devices(entry: Entry) -> bool:
    """Whether a change of the settings was about power devices."""
    return any(key.startswith(("charger.", "bms.")) for key in entry.keys)


def is_before(state: DeviceState, entry: Entry) -> bool:
    """Whether a device answered so before a change of this boot."""
    stamp = entry.stamp
    return state.stamp.boot_id == stamp.boot_id and state.stamp.uptime_s < stamp.uptime_s


def describe(states: dict[str, DeviceState]) -> Outcome:
    """All answer, with what they measured last."""
    parts = [
        say("{device} is a {model}", device=title, model=one.model) for title, one in states.items()
    ]
    facts = {
        title: {"model": one.model, **{key: round(x, 3) for key, x in one.figures.items()}}
        for title, one in states.items()
    }
    return Outcome(Status.DONE, join_sentences(", ", parts), facts=facts)


def explain_none(reports: Sequence[PortReport]) -> str:
    """Why nothing was found: what each port had to say."""
    troubles = [one.trouble for one in reports if one.trouble]
    if troubles:
        return join_sentences("; ", troubles)
    if not reports:
        return say("there is no serial port: plug in the adapter of the charge controller's cable")
    ports = ", ".join(one.port for one in reports)
    return say("{what} (asked: {ports})", what=NONE, ports=ports)


def explain_silent(silent: Sequence[str]) -> Sentence:
    """What to do about devices that the settings have and that do not answer."""
    listed = ", ".join(f'"{one}"' for one in silent)
    return say(
        "no answer of {which}: look at its cable and its supply; where it is not there any more, "
        "answer [power_devices] remove = [{listed}]",
        which=", ".join(silent),
        listed=listed,
    )


def ask_models(plan: Plan) -> Outcome:
    """A device that may be one of several models is for a person to decide."""
    device = plan.ambiguous[0]
    models = tuple(match.profile.name for match in device.matches)
    text = say("Which model is on the label of the device at {port}?", port=device.port)
    question = Question("power_devices.models", Kind.CHOICE, text, choices=models)
    reason = say(
        "the device at {port} may be {models}", port=device.port, models=" or ".join(models)
    )
    return Outcome(Status.NEEDS_ANSWER, reason, (question,))
