"""The requests that a probe sends on a line, their order, and how long that takes at most.

Reads and writes: nothing; pure.
Never: plans a request that several models have in common twice, or one to Modbus id 0 (which
addresses every device at once, and on a JK battery the pack that is itself the master of its line).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from power.protocol.line_place import SerialForm
from power.protocol.links import LINK_FACTORIES, FramedLinkFactory, Framing
from power.protocol.ports import MODBUS_TCP_PORT, TCP, parse_tcp_address
from power.protocol.profile import Block, Profile


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a reply that may not come, in seconds.

    `silence_s`: at most, the first time; most devices answer within 0.1 to 0.3 s. `patience_s`: the
    second time, for what was silent at its usual id: it is slow, or a pack that slept and wakes at
    the first request. `listen_s`: for a device that sends unasked, one or two blocks a second
    apart. `neighbour_s`: for another of a kind that has answered; `bus_scan_s`: for all of them.
    """

    silence_s: float = 0.4
    retry_s: float = 1.0
    listen_s: float = 2.2
    whole_scan_s: float = 120.0
    neighbour_s: float = 0.15
    bus_scan_s: float = 60.0


USUAL_TIMEOUTS = Timeouts()
BRIDGED = SerialForm(9600, bridged=True)


@dataclass(frozen=True, slots=True)
class LineMode:
    """How the bytes run on a line, or on the line behind a gateway."""

    protocol: str
    form: SerialForm

    def __str__(self) -> str:
        return f"{self.protocol} at {self.form}"


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and the models that its reply may identify."""

    mode: LineMode
    device_id: int
    block: Block
    profiles: tuple[Profile, ...]
    wait_s: float

    @property
    def gap_s(self) -> float:
        return max(profile.gap_s for profile in self.profiles)

    @property
    def only_listens(self) -> bool:
        """Whether nothing is sent: the device sends unasked."""
        return sends_unasked(self.profiles[0])

    def __str__(self) -> str:
        models = " or ".join(profile.name for profile in self.profiles)
        return f"{self.mode}: {models}" + ("" if self.only_listens else f" at {self.device_id}")


class Wanted(NamedTuple):
    """A model to ask for, at an id, in one way for bytes to run."""

    profile: Profile
    device_id: int
    form: SerialForm


def plan_first_round(models: Sequence[Profile], port: str, timeouts: Timeouts) -> list[Question]:
    """Each model at its usual id. Devices that send unasked come first: listening disturbs
    nothing.
    """
    return order_questions(
        build_questions(list_usual_ids(models, port), timeouts, timeouts.silence_s)
    )


def plan_second_round(
    models: Sequence[Profile], port: str, timeouts: Timeouts, any_reply: bool = False
) -> list[Question]:
    """Each model once more, with more patience, then at its other speeds or as RTU over TCP, then
    its other ids. `any_reply`: some device has answered; else a TCP device is not there at all, as
    it would have refused an id that it does not have.
    """
    again = list_usual_ids(models, port)
    otherwise = [
        Wanted(profile, first, form)
        for profile, first, _ in again
        for form in list_other_forms(profile, port)
    ]
    others = [
        Wanted(profile, number, form)
        for profile, first, form in again
        for number in list_allowed_ids(profile)
        if number != first and (any_reply or not profile.tcp_only)
    ]
    return (
        order_questions(build_questions(again, timeouts, timeouts.retry_s))
        + order_questions(build_questions(otherwise, timeouts, timeouts.silence_s))
        + order_questions(build_questions(others, timeouts, timeouts.silence_s))
    )


def plan_bus_round(found: Iterable[Wanted], timeouts: Timeouts) -> list[Question]:
    """All ids that a device of the same kind as a found one can have, lowest first, in the way
    in which that one answered; as many as there is time for.
    """
    wanted = [
        one._replace(device_id=number) for one in found for number in one.profile.bus_ids if number
    ]
    planned, left_s = [], timeouts.bus_scan_s
    for question in build_questions(dict.fromkeys(wanted), timeouts, timeouts.neighbour_s):
        left_s -= question.wait_s + question.gap_s
        if left_s < 0:
            break
        planned.append(question)
    return planned


def list_usual_ids(models: Iterable[Profile], port: str) -> list[Wanted]:
    """The models that could be at that port, each with the id that it is likeliest to have."""
    ids = [(profile, list_allowed_ids(profile)) for profile in select_models(port, models)]
    return [Wanted(profile, allowed[0], profile.serial) for profile, allowed in ids if allowed]


def list_other_forms(profile: Profile, port: str) -> list[SerialForm]:
    """Other ways for the bytes to run: other speeds; over TCP, RTU through a bridge, which has one
    speed whatever is asked for.
    """
    if not port.startswith(TCP):
        return [replace(profile.serial, baud=baud) for baud in profile.other_bauds]
    return [] if profile.tcp_only or get_framing(profile) else [BRIDGED]


def list_allowed_ids(profile: Profile) -> list[int]:
    """Its ids, the usual one first. On Modbus 0 is a broadcast: no device may answer."""
    ids = dict.fromkeys((profile.device_id, *profile.ids))
    return [number for number in ids if number or get_framing(profile)]


def select_models(port: str, models: Iterable[Profile]) -> list[Profile]:
    """The models that this port can have: some have no serial port, a Modbus gateway has Modbus
    only.
    """
    if not port.startswith(TCP):
        return [profile for profile in models if not profile.tcp_only]
    gateway = parse_tcp_address(port)[1] == MODBUS_TCP_PORT
    return [profile for profile in models if not (gateway and get_framing(profile))]


def get_framing(profile: Profile) -> Framing | None:
    """The framing of its own protocol; None: it uses Modbus frames."""
    wire = LINK_FACTORIES.get(profile.protocol)
    return wire.framing if isinstance(wire, FramedLinkFactory) else None


def sends_unasked(profile: Profile) -> bool:
    """Whether the device sends unasked: its protocol's request is empty."""
    framing = get_framing(profile)
    return framing is not None and not framing.build_request(profile.signature, profile.device_id)


def build_questions(
    wanted: Iterable[Wanted], timeouts: Timeouts, longest_s: float
) -> list[Question]:
    """One question for all models that would send the same bytes in the same way."""
    merged: dict[tuple[LineMode, int, Block, int], list[Profile]] = {}
    for profile, device_id, form in wanted:
        way = LineMode(profile.protocol, form)
        key = (way, device_id, profile.signature, profile.reply_id_shift)
        merged.setdefault(key, []).append(profile)
    return [
        Question(
            way, device_id, block, tuple(profiles), compute_wait_s(profiles, timeouts, longest_s)
        )
        for (way, device_id, block, _), profiles in merged.items()
    ]


def compute_wait_s(profiles: Sequence[Profile], timeouts: Timeouts, longest_s: float) -> float:
    """As long as the slowest of them needs, within limits."""
    own_s = max(profile.timeout_s for profile in profiles)
    return min(own_s, timeouts.listen_s if sends_unasked(profiles[0]) else longest_s)


def order_questions(asked: Sequence[Question]) -> list[Question]:
    """Way by way (each opens the line once), listeners first, else as the models are listed."""
    places = {way: number for number, way in reversed([*enumerate(one.mode for one in asked)])}
    return sorted(asked, key=lambda one: (not one.only_listens, places[one.mode]))


def compute_longest_s(asked: Iterable[Question]) -> float:
    """The time that the questions take if no device answers."""
    total_s = 0.0
    for _, group in groupby(asked, key=lambda one: (one.mode, one.wait_s)):
        of_line = list(group)
        gap_s = max(one.gap_s for one in of_line)
        total_s += sum(one.wait_s for one in of_line) + gap_s * (len(of_line) - 1)
    return total_s
