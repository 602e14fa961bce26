"""What the balance of the charge shows that the measured current lacks, and the fault in words.

Reads and writes: nothing; pure.
Never: says which wire it is: it names what to look at.
"""

from dataclasses import dataclass
from enum import Enum

from appliance.errors import ApplianceError
from appliance.wording.sentence import join_sentences, say


class FlowKind(Enum):
    """How the measured current is wrong."""

    LEAVES = "more leaves the battery than is measured"
    ENTERS = "more enters the battery than is measured"
    REVERSED = "the sign is wrong"
    UNCLEAR = "it does not show yet how"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSource:
    """A source beside the sun that is on and may charge the battery: the power that it can give.
    `is_measured`: a shunt or BMS at the battery sees its current. `is_contradicted`: since its
    start the battery gives more by the measured current, which no start explains, so that current
    may have the wrong sign.
    """

    power_w: float
    is_measured: bool = True
    is_contradicted: bool = False


@dataclass(frozen=True, slots=True)
class UnmeasuredFlow:
    """What is not in the measured current: the mean of it (A, positive into the battery) over so
    many hours, and one sigma; `amps` is 0 where the sign is wrong or nothing fits. `voltage_v`: the
    battery's, for the power. `is_confirmed`: a second meter reports the same current.
    """

    kind: FlowKind
    amps: float
    sigma_a: float
    hours: float
    voltage_v: float
    is_confirmed: bool = False


class WrongBalance(ApplianceError):  # noqa: N818  (named for what it is)
    """The battery's own voltages contradict the charge that was counted."""

    code = "battery-balance"


CONFIRMED_LEAK = say(
    "something is connected directly to the battery, before the shunt (or past the "
    "load output): follow every wire at the battery's terminals, and put what should "
    "run behind the shunt or on the load output"
)
LEAK = say(
    "something is connected directly to the battery, before the shunt (or past the "
    "load output), or the zero point of the current sensor is off: follow every wire "
    "at the battery's terminals, and measure at night with a clamp meter what leaves "
    "the battery"
)
SOURCE = say(
    "a source that nobody measures charges it (a generator, an alternator, a charger "
    "from the mains, a second controller), or the zero point of the current sensor is "
    "off: connect the source behind a shunt under [bms], and measure with a clamp meter"
)
REVERSED = say(
    "the battery's current has the wrong sign: it became emptier while current was "
    "reported to flow in, and fuller while it was reported to flow out. The shunt is "
    "mounted backwards, or the setting invert_current of the device that measures it "
    "is wrong: turn the one or the other"
)
UNCLEAR = say(
    "the charge that was counted contradicts the battery's own voltages (full, empty, "
    "at rest), and it does not show yet how: the current has the wrong sign or scale "
    "(a shunt that is mounted backwards, or set wrong), or something is connected "
    "directly to the battery, before the shunt. Measure at night with a clamp meter "
    "what leaves the battery, and compare it"
)
UNTIL = say(" Until then the state of charge is uncertain")


def make_fault(flow: UnmeasuredFlow) -> WrongBalance:
    """The fault in words."""
    if flow.kind is FlowKind.REVERSED:
        return WrongBalance(join_sentences(".", [REVERSED, UNTIL]))
    if flow.kind is FlowKind.UNCLEAR:
        return WrongBalance(join_sentences(".", [UNCLEAR, UNTIL]))
    way = say("leave") if flow.kind is FlowKind.LEAVES else say("enter")
    watts, days = abs(flow.amps) * flow.voltage_v, flow.hours / 24
    advice = SOURCE if flow.kind is FlowKind.ENTERS else LEAK
    meters = say("the shunt or controller reports")
    if flow.is_confirmed:
        meters = say("both the shunt and the controllers (or panels and load output) report")
        advice = CONFIRMED_LEAK if flow.kind is FlowKind.LEAVES else SOURCE
    return WrongBalance(
        say(
            "{watts:.0f} W more {way} the battery than {meters} ({mean_a:.1f} A on average over "
            "{days:.1f} days), as it shows when it is full, empty or at rest: {advice}.{until}",
            watts=watts,
            way=way,
            meters=meters,
            mean_a=abs(flow.amps),
            days=days,
            advice=advice,
            until=UNTIL,
        )
    )
