"""The step "link": the modem, its SIM, its connection, and that a server of the unit answers.

Reads: ModemManager, NetworkManager, the settings, the answers of [link]. Writes: [link] of the
settings, the file with the SIM's PIN, a connection of NetworkManager.
Never: gives a PIN that was not accepted a second time: three wrong ones lock the SIM.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from appliance.model_updates import LinkPhase
from appliance.parsing.small_file import read_small_file
from appliance.store.durable_files import replace_file
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import MOST_SECRET_BYTES, Answers
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.steps.link_wishes import LinkWishes, read_wishes
from provisioning.commissioning.unit import Unit
from sensors.link.describe import describe_modem
from sensors.link.errors import LinkError
from sensors.link.look import LinkLook
from sensors.link.pin import PinTrial
from sensors.link.probe import list_servers
from sensors.link.setting_up import LinkSetUp

PIN_NAME, PIN_MODE = "sim-pin", 0o640
CONNECTS_S, LOOKS_EVERY_S = 120.0, 5.0
NOT_WANTED = say("no mobile link is wanted (`wanted = false`)")
OTHER_WAY = say("there is no modem; the unit has a cable or Wi-Fi")
NOT_ASKED = say("there is no modem, and [link] asks for none")
NO_WAY = say(
    "there is no modem, and neither cable nor Wi-Fi leads out: plug one in, or write `wanted = "
    "false` into [link] for a unit that works alone"
)
WITHOUT_SERVER = say(
    "the modem is connected; that data comes through is not proved: the settings name no server"
)


@dataclass(frozen=True)
class LinkStep:
    """The mobile link. `make_setup`: what reaches the modem."""

    name: str = "link"
    table: str = "link"
    keys: tuple[str, ...] = ("wanted", "apn", "pin", "pin_file", "budget_mb_per_month")
    make_setup: Callable[[PinTrial], LinkSetUp] = LinkSetUp
    connects_s: float = CONNECTS_S

    @property
    def title(self) -> Sentence:
        return say("the mobile link")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        wishes = read_wishes(answers)
        if not wishes.is_wanted:
            return Outcome(Status.SKIPPED, NOT_WANTED)
        setup = self.make_setup(PinTrial(None, unit.data_dir))  # checking gives no PIN
        look = setup.look()
        is_asked = bool(answers.values) or unit.settings().link.enabled
        obstacle = find_absence(look, is_asked=is_asked) or find_obstacle(
            look, find_refusal(unit, look, wishes)
        )
        if obstacle is not None:
            return obstacle
        apn = setup.find_apn()
        questions = list_questions(unit, look, wishes, apn)
        if questions:
            reason = say("the modem is there: its connection needs an answer")
            return Outcome(Status.NEEDS_ANSWER, reason, questions)
        if list_changes(unit, wishes, apn) or (wishes.apn or apn) != apn:
            return Outcome(Status.TO_DO, say("the mobile link is to be connected"))
        if unit.record.find(self.name) is None and setup.has_idle_receiver():
            return Outcome(Status.TO_DO, say("the modem is to look for its place by satellites"))
        is_connected = look.phase is LinkPhase.CONNECTED
        status = Status.DONE if is_connected else Status.TO_DO
        facts = list_facts(look) if is_connected else {}
        return Outcome(status, describe_modem(look.phase, look), facts=facts)

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        wishes = read_wishes(answers)
        if wishes.pin is not None and wishes.pin != read_pin(find_pin_file(unit)):
            store_pin(unit, wishes.pin)
        setup = self.make_setup(self._make_trial(unit))
        apn = setup.find_apn()
        unit.change_settings(list_changes(unit, wishes, apn), "commissioning: link")
        look = setup.look()  # which gives the PIN, once
        if look.phase is LinkPhase.LOCKED and look.trouble:
            return Outcome(Status.BLOCKED, look.trouble)
        setup.connect(wishes.apn or apn or "")
        with suppress(LinkError):  # a place is of use, and not needed
            setup.begin_positioning()
        return Outcome(Status.DONE, say("the connection is made"))

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        if not read_wishes(answers).is_wanted:
            return Outcome(Status.SKIPPED, NOT_WANTED)
        setup = self.make_setup(self._make_trial(unit))
        servers = list_servers(unit.settings())
        ends_s = unit.clock.stamp().uptime_s + self.connects_s
        look = setup.look(servers)
        while not is_proved(look) and unit.clock.stamp().uptime_s < ends_s:
            unit.clock.wait(LOOKS_EVERY_S, Event())
            look = setup.look(servers)
        return judge(look, has_servers=bool(servers))

    def _make_trial(self, unit: Unit) -> PinTrial:
        return PinTrial(find_pin_file(unit), unit.data_dir)


def is_proved(look: LinkLook) -> bool:
    """Whether nothing better can come."""
    return look.phase is LinkPhase.CONNECTED and look.answered is look.asked


def judge(look: LinkLook, *, has_servers: bool) -> Outcome:
    """By what was seen last."""
    facts = list_facts(look)
    if look.phase is not LinkPhase.CONNECTED:
        return Outcome(Status.BLOCKED, describe_modem(look.phase, look), facts=facts)
    if not has_servers:
        return Outcome(Status.DONE, WITHOUT_SERVER, facts=facts)
    if not look.answered:
        text = say(
            "the modem is connected, but no server of the unit answers: check APN, balance of the "
            "contract and the addresses in [fleet] and [update]"
        )
        return Outcome(Status.BLOCKED, text, facts=facts)
    return Outcome(Status.DONE, describe_modem(look.phase, look), facts=facts)


def find_absence(look: LinkLook, *, is_asked: bool) -> Outcome | None:
    """Where there is no modem: whether one is missing. `is_asked`: answers or settings want one."""
    if look.phase not in (LinkPhase.NO_MODEM, LinkPhase.UNKNOWN):
        return None
    network = look.network
    if network is not None and network.has_other_way and look.phase is LinkPhase.NO_MODEM:
        return Outcome(Status.SKIPPED, OTHER_WAY)
    if network is None and not is_asked:
        return Outcome(Status.SKIPPED, NOT_ASKED)
    return Outcome(Status.BLOCKED, look.trouble or NO_WAY)


def find_obstacle(look: LinkLook, refusal: str) -> Outcome | None:
    """What must be mended before anything is asked or made; None where nothing must."""
    if look.network is None and look.trouble:
        return Outcome(Status.BLOCKED, look.trouble)
    is_denied = look.modem is not None and look.modem.is_denied
    if is_denied or look.phase in (LinkPhase.NO_SIM, LinkPhase.FAILED):
        return Outcome(Status.BLOCKED, describe_modem(look.phase, look))
    return Outcome(Status.BLOCKED, refusal) if refusal else None


def find_refusal(unit: Unit, look: LinkLook, wishes: LinkWishes) -> str:
    """Why the SIM cannot be unlocked, whatever is answered; "" where it can, or is not locked."""
    if look.phase is not LinkPhase.LOCKED or look.modem is None:
        return ""
    file = find_pin_file(unit)
    is_new = wishes.pin is not None and wishes.pin != read_pin(file)
    if file is None and not is_new:
        return ""  # it is asked
    return PinTrial(find_pin_place(unit), unit.data_dir).find_refusal(look.modem, is_new=is_new)


def list_questions(
    unit: Unit, look: LinkLook, wishes: LinkWishes, apn: str | None
) -> tuple[Question, ...]:
    """What is neither there nor given."""
    found = []
    if look.phase is LinkPhase.LOCKED and wishes.pin is None and find_pin_file(unit) is None:
        text = say("PIN of the SIM (it is tried once; three wrong ones lock the SIM)")
        found.append(Question("link.pin", Kind.SECRET, text))
    if not (wishes.apn or apn):
        text = say("Access point name (APN) of the SIM's operator")
        proposal = unit.settings().link.apn or None
        help_text = say("it stands in the papers of the contract, or on the operator's page")
        found.append(Question("link.apn", Kind.TEXT, text, help=help_text, proposal=proposal))
    return tuple(found)


def list_changes(unit: Unit, wishes: LinkWishes, apn: str | None) -> dict[tuple[str, ...], Any]:
    """Of the settings: what is not so yet."""
    own, file = unit.settings().link, find_pin_place(unit)
    wanted: dict[str, Any] = {"enabled": True, "apn": wishes.apn or apn or own.apn}
    if wishes.budget_mb is not None:
        wanted["budget_mb_per_month"] = wishes.budget_mb
    if wishes.pin is not None or own.pin_file is not None:
        wanted["pin_file"] = file
    return {
        ("link", key): str(value) if isinstance(value, Path) else value
        for key, value in wanted.items()
        if getattr(own, key) != value
    }


def find_pin_file(unit: Unit) -> Path | None:
    """The file with the PIN, where there is one."""
    place = find_pin_place(unit)
    return place if place.exists() else None


def find_pin_place(unit: Unit) -> Path:
    """Where it is, or will be: beside the settings."""
    return unit.settings().link.pin_file or unit.settings_path.parent / PIN_NAME


def read_pin(file: Path | None) -> str | None:
    """None where there is none."""
    if file is None:
        return None
    with suppress(OSError, UnicodeDecodeError):
        return read_small_file(file, MOST_SECRET_BYTES).decode().strip()
    return None


def store_pin(unit: Unit, pin: str) -> None:
    """For the services' group, as the settings are; raises `OSError`."""
    place = find_pin_place(unit)
    replace_file(place, f"{pin}\n".encode(), mode=PIN_MODE)
    with suppress(PermissionError):
        os.chown(place, -1, unit.settings_path.stat().st_gid)


def list_facts(look: LinkLook) -> dict[str, Any]:
    """The evidence."""
    modem = look.modem
    found: dict[str, Any] = {"phase": look.phase.value, "server_answered": look.answered}
    if modem is not None:
        found |= {
            "modem": modem.model,
            "operator": modem.operator,
            "technology": modem.technology,
            "signal_pct": modem.signal_pct,
            "interface": modem.interface,
        }
    return found
