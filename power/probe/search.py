"""Finds which power devices are connected to a line, with their protocol and serial setting.

Reads: replies of devices. Writes: requests to read, the one `signature` block of each model.
Never: asks a device more often than its profile allows, never a Modbus id 0, and never anything
that changes a device: there is no call for it.

A line has one protocol and serial setting. So when a device is identified for certain, other
settings are skipped, and only its further ids are asked: more devices may share the line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from threading import Event

from appliance.clock import Clock
from appliance.errors import BusError
from appliance.wording.counts import format_count
from appliance.wording.sentence import Sentence, say
from power.devices import MODELS
from power.probe.ports import is_in_use
from power.probe.questions import (
    USUAL_TIMEOUTS,
    LineMode,
    Question,
    Timeouts,
    Wanted,
    compute_longest_s,
    plan_bus_round,
    plan_first_round,
    plan_second_round,
)
from power.protocol.bus import ByteLine, Lines, ModbusBus
from power.protocol.errors import ClosedLine, ExceptionAnswer, NoAnswer
from power.protocol.line_place import SerialForm, get_bad_line_advice
from power.protocol.links import LINK_FACTORIES, LinkFactory
from power.protocol.ports import TCP
from power.protocol.profile import BatteryProfile, Block, Identification, Profile

ANY_ID = 255  # lone Renogy devices answer to it beside their own id


@dataclass(frozen=True, slots=True)
class Match:
    """One model that a reply identifies."""

    profile: Profile
    mode: LineMode
    device_id: int
    identification: Identification

    @property
    def section(self) -> str:
        """Its kind of section in the settings."""
        return "bms" if isinstance(self.profile, BatteryProfile) else "charger"


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """One device, and the models that it may be, the likeliest first."""

    port: str
    matches: tuple[Match, ...]

    @property
    def best(self) -> Match:
        return self.matches[0]

    @property
    def certain(self) -> bool:
        return self.best.identification.certain and len(self.matches) == 1


@dataclass(frozen=True, slots=True)
class PortReport:
    """What is connected to one port. `trouble`: why that cannot be determined, in words.

    `strangers`: replies that no known model explains.
    """

    port: str
    devices: tuple[FoundDevice, ...] = ()
    unknown_replies: tuple[str, ...] = ()
    trouble: str = ""
    took_s: float = 0.0


class ShortTimeoutLines(Lines):
    """Lines with the probe's timeout instead of the profile's."""

    def __init__(self, clock: Clock, wait_s: float) -> None:
        super().__init__(clock, quiet_s=0.0)  # most questions are for devices that are not there
        self._wait_s = wait_s

    def modbus(self, port: str, form: SerialForm, *, timeout_s: float, gap_s: float) -> ModbusBus:
        return super().modbus(port, form, timeout_s=min(timeout_s, self._wait_s), gap_s=gap_s)

    def bytewise(self, port: str, form: SerialForm, *, timeout_s: float, gap_s: float) -> ByteLine:
        return super().bytewise(port, form, timeout_s=min(timeout_s, self._wait_s), gap_s=gap_s)


@dataclass
class Probe:
    """Searches one port after the other. `on_question` gets a line before each request, `on_match`
    one for each model that a reply identifies.
    """

    clock: Clock
    models: Sequence[Profile] = MODELS
    link_factories: Mapping[str, LinkFactory] = field(default_factory=lambda: LINK_FACTORIES)
    timeouts: Timeouts = USUAL_TIMEOUTS
    on_question: Callable[[str], None] = lambda _: None
    on_match: Callable[[str], None] = lambda _: None

    def estimate_longest_s(self, port: str) -> float:
        """How long a port takes where no device answers."""
        return compute_longest_s(
            plan_first_round(self.models, port, self.timeouts)
            + plan_second_round(self.models, port, self.timeouts)
        )

    def scan(self, port: str) -> PortReport:
        """Everything about one port."""
        search = Search(self, port)
        trouble: str = ""
        try:
            self._search(search, port)
        except ClosedLine as error:
            trouble = say_in_use(port) if is_in_use(port) else error.args[0]
        if search.stopped:
            trouble = say_stopped(port, self.timeouts.whole_scan_s)
        return PortReport(
            port,
            tuple(group_devices(port, search.matches)),
            () if search.matches else tuple(dict.fromkeys(search.unknown_replies)),
            trouble,
            search.took_s,
        )

    def _search(self, search: "Search", port: str) -> None:
        """Usual ids first; then the others, but only in the ways in which a device answered."""
        search.ask(plan_first_round(self.models, port, self.timeouts))
        ways = {find.mode for find in search.matches}
        second = plan_second_round(self.models, port, self.timeouts, search.any_reply)
        search.ask([one for one in second if not ways or one.mode in ways])
        search.ask_neighbours()


def say_in_use(port: str) -> Sentence:
    """Another program has the port."""
    return say(
        "{port} is in use by another program. If that is the power service, stop it for as long as "
        "the probe runs: `systemctl stop appliance-power`, and afterwards "
        "`systemctl start appliance-power`",
        port=port,
    )


def say_stopped(port: str, after_s: float) -> Sentence:
    """The search took too long."""
    return say(
        "the search on {port} was stopped after {seconds:.0f} s, before it was complete: replies "
        "are slow or damaged; {advice}",
        port=port,
        seconds=after_s,
        advice=get_bad_line_advice(port),
    )


class Search:
    """The search on one port, and its result so far."""

    def __init__(self, probe: Probe, port: str) -> None:
        self._probe = probe
        self._port = port
        self._opened = False
        self._longest_s = probe.estimate_longest_s(port)
        self._begun_s = probe.clock.media_s()
        self._deadline_s = probe.timeouts.whole_scan_s
        self._asks_neighbours = False
        self._answered: set[tuple[LineMode, int, Block]] = set()
        self.matches: list[Match] = []
        self.unknown_replies: list[str] = []
        self.stopped = False

    @property
    def took_s(self) -> float:
        """Seconds since it began."""
        return self._probe.clock.media_s() - self._begun_s

    @property
    def any_reply(self) -> bool:
        """Whether there was any reply, if only a refusal."""
        return bool(self._answered)

    def ask(self, questions: Sequence[Question]) -> None:
        """Send all requests that can still bring something, each line mode on a line of its own."""
        for (_, wait_s), group in groupby(questions, key=lambda one: (one.mode, one.wait_s)):
            lines = ShortTimeoutLines(self._probe.clock, wait_s)
            replies = len(self._answered) + len(self.unknown_replies)
            try:
                for question in group:
                    if self._is_worth_asking(question):
                        self._announce(question)
                        self._ask(lines, question)
            finally:
                lines.close()
            if (
                len(self._answered) + len(self.unknown_replies) > replies
            ):  # the next line keeps no gap
                self._probe.clock.wait_media(question.gap_s, Event())

    def ask_neighbours(self) -> None:
        """Look for others of the kinds that answered: a line may have several of one model."""
        found = [
            Wanted(find.profile, find.device_id, find.mode.form)
            for find in dict.fromkeys(self._select_surest())
        ]
        self._deadline_s = self.took_s + self._probe.timeouts.bus_scan_s
        self._asks_neighbours = True
        self.ask(plan_bus_round(found, self._probe.timeouts))

    def _select_surest(self) -> list[Match]:
        """The certain matches, or all where none is."""
        return [one for one in self.matches if one.identification.certain] or self.matches

    def _announce(self, question: Question) -> None:
        passed = f"{self.took_s:.0f} s of {max(self._longest_s, self.took_s):.0f}"
        self._probe.on_question(f"{self._port}, {passed}: {question}")

    def _is_worth_asking(self, question: Question) -> bool:
        if self.took_s >= self._deadline_s:
            self.stopped = not self._asks_neighbours
            return False
        if (question.mode, question.device_id, question.block) in self._answered:
            return False
        known = [
            (find.mode, find.device_id) for find in self.matches if find.identification.certain
        ]
        ways = {way for way, _ in known}
        return (question.mode, question.device_id) not in known and (
            not ways or question.mode in ways
        )

    def _ask(self, lines: Lines, question: Question) -> None:
        profile = question.profiles[0]
        wire = self._probe.link_factories[profile.protocol]
        form = question.mode.form
        link = wire.make_link(lines, profile, self._port, question.device_id, form)
        try:
            data = link.read_raw(question.block)
        except ClosedLine:
            if not (self._opened and self._port.startswith(TCP)):
                raise  # else it is a server that hangs up on requests that it does not know
        except NoAnswer:
            self._opened = True
        except BusError as error:
            self._opened = True
            self.unknown_replies.append(str(error))
            if isinstance(error, ExceptionAnswer):
                self._note_answer(question)
        else:
            self._opened = True
            self._note_answer(question)
            self._match(question, data)

    def _match(self, question: Question, data: bytes) -> None:
        """Find the models that the reply identifies."""
        known = [
            Match(one, question.mode, question.device_id, likeness)
            for one in question.profiles
            if (likeness := one.recognise(data))
        ]
        self.matches += known
        for find in known:
            self._probe.on_match(
                f"{self._port}: {find.profile.name} answers at id {find.device_id}"
            )
        if not known:
            self.unknown_replies.append(
                f"{question}: a reply of {format_count(len(data), 'byte')} that is not theirs, "
                f"{data[:16].hex(' ')}"
            )

    def _note_answer(self, question: Question) -> None:
        """Note that this question needs no second attempt."""
        self._answered.add((question.mode, question.device_id, question.block))


def group_devices(port: str, matches: Sequence[Match]) -> list[FoundDevice]:
    """One device for each id that answered; two where it is for certain both charger and battery.

    A way in which a device was certain rules out guesses in other ways, and what answers to any id
    is no second device.
    """
    ways = {find.mode for find in matches if find.identification.certain}
    matches = [find for find in matches if not ways or find.mode in ways]
    ids = sorted({find.device_id for find in matches})
    if len(ids) > 1 and ANY_ID in ids:
        ids.remove(ANY_ID)
    return [
        FoundDevice(port, models)
        for number in ids
        for models in rank_models([find for find in matches if find.device_id == number])
    ]


def rank_models(matches: Sequence[Match]) -> list[tuple[Match, ...]]:
    """The models that are certain, by kind; or else all that it may be. Those first that have
    this id when they are delivered.
    """
    certain = [find for find in matches if find.identification.certain]
    ranked = sorted(certain or matches, key=lambda find: find.device_id != find.profile.device_id)
    kinds = dict.fromkeys(find.section for find in certain)
    if not kinds:
        return [tuple(ranked)]
    return [tuple(find for find in ranked if find.section == kind) for kind in kinds]
