"""What a battery itself reports as wrong, as faults: alarms of its BMS, and a cell that is apart.

Reads and writes: nothing; it keeps what was reported last.
Never: opens and closes a fault with each poll: both come and go with hysteresis, and the figures
in a text follow in steps.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from appliance.chemistry.lfp import LFP  # all BMSs that the unit reads are of LFP packs
from appliance.errors import BusError
from appliance.model import BatteryReading
from appliance.wording.sentence import as_sentence, join_sentences, say
from power.reading.connected import is_disconnected

ALARM_HOLDS_S = 120.0  # an alarm that trips and releases is one
APART_V = float(LFP.spread_v)  # of one cell from the others: a pack at rest is within 0.02
NEAR_V = APART_V / 2
APART_AFTER_S = 300.0
KNOWN_FOR_S = 600.0  # a BMS that is silent for longer reports nothing any more
TEXT_STEP_V = 0.05
# There an LFP cell's voltage rises steeply and the BMS balances: cells are apart at the end of each
# full charge, and what counts is whether they still are after some of them.
TOP_V, TOP_ENDS_V = 3.45, 3.40
TOPS_APART = 3


class PackFault(BusError):  # noqa: N818  (named for what it is)
    """A battery reports a fault of its own."""

    code = "battery"


@dataclass(frozen=True, slots=True)
class ApartCell:
    """The cell that is furthest from the others; `number` None where the BMS does not give all."""

    number: str | None
    voltage_v: float
    others_v: float

    @property
    def difference_v(self) -> float:
        return self.voltage_v - self.others_v

    def describe(self) -> str:
        """Which cell, and by how much."""
        side = say("above") if self.difference_v > 0 else say("below")
        which = say("cell {number}", number=self.number) if self.number else say("its lowest cell")
        others = say("the others") if self.number else say("its highest")
        return say(
            "{which} has {voltage_v:.2f} V, {difference_v:.2f} V {side} {others}",
            which=which,
            voltage_v=self.voltage_v,
            difference_v=abs(self.difference_v),
            side=side,
            others=others,
        )


def find_apart_cell(pack: BatteryReading) -> ApartCell | None:
    """The cell that is furthest from the median of the others; None where cells are unknown."""
    cells = pack.cell_voltages_v
    if cells and len(cells) > 2:
        middle_v = median(cells.values())
        number = max(cells, key=lambda one: abs(cells[one] - middle_v))
        others_v = median(volts for one, volts in cells.items() if one != number)
        return ApartCell(number, cells[number], others_v)
    low_v, high_v = pack.lowest_cell_voltage_v, pack.highest_cell_voltage_v
    return None if low_v is None or high_v is None else ApartCell(None, low_v, high_v)


@dataclass
class FullCharges:
    """The ends of full charges, and the cell that was apart at the last ones in a row."""

    reported: ApartCell | None = None  # until a full charge shows it near
    times: int = 0
    _at_top: bool = False
    _since_s: float | None = None
    _found: ApartCell | None = None

    def follow(self, cell: ApartCell, highest_v: float, now_s: float) -> bool:
        """Take in the cell that is furthest from the others; whether this is the end of a charge.
        A charge is judged once it is over.
        """
        if highest_v >= TOP_V:
            self._at_top = True
        elif self._at_top and highest_v < TOP_ENDS_V:
            self._end()
        if self._at_top:
            self._note(cell, now_s)
        return self._at_top

    def _note(self, cell: ApartCell, now_s: float) -> None:
        self._since_s = (self._since_s or now_s) if is_apart(cell) else None
        if self._since_s is not None and now_s - self._since_s >= APART_AFTER_S:
            self._found = max(self._found or cell, cell, key=lambda one: abs(one.difference_v))

    def _end(self) -> None:
        self.times = self.times + 1 if self._found else 0
        if self._found is None or self.times < TOPS_APART:
            self.reported = None
        elif self.reported is None or not is_alike(self.reported, self._found):
            self.reported = self._found
        self._at_top, self._since_s, self._found = False, None, None


@dataclass
class PackState:
    """What one battery has reported last."""

    alarms: str = ""
    alarms_s: float = 0.0
    cell: ApartCell | None = None  # as the fault reports it, while there is one
    changing_since_s: float | None = None
    known_s: float = 0.0
    full_charges: FullCharges = field(default_factory=FullCharges)
    disconnected: str = ""  # what it measured then
    disconnected_s: float = 0.0

    def follow(self, pack: BatteryReading) -> None:
        """Take in one reading."""
        now_s = pack.stamp.uptime_s
        self._follow_disconnect(pack, now_s)
        if pack.alarms is not None:
            self._follow_alarms(pack.alarms, now_s)
        cell = find_apart_cell(pack)
        if cell is not None and not self._follow_full_charge(cell, pack, now_s):
            self._follow_cell(cell, now_s)
        if pack.alarms is not None or cell is not None or self.disconnected:
            self.known_s = now_s

    def describe(self) -> Iterator[str]:
        """What is wrong, in words."""
        if self.disconnected:
            yield (
                say(
                    "it is disconnected{disconnected}: its BMS does not allow discharge. Beside "
                    "other packs its voltage, cells and capacity are left out. Look at its "
                    "alarms, cells, temperature and MOSFETs; where its cells are empty, charge "
                    "it",
                    disconnected=self.disconnected,
                )
            )
        if self.alarms:
            yield say(
                "its BMS has tripped: {alarms}. {advice}",
                alarms=name_alarms(self.alarms),
                advice=advise(self.alarms),
            )
        if self.cell:
            yield (
                say(
                    "{cell}. Charge it fully and let the BMS balance for some hours; if the "
                    "cell stays apart, check its wire and the cell",
                    cell=self.cell.describe(),
                )
            )

        if self.full_charges.reported:
            yield (
                say(
                    "at the end of each of the last full charges {reported}. Let it stay at its "
                    "absorption voltage for some hours, so that the BMS balances; if this "
                    "stays, check the wire of that cell and the cell",
                    reported=self.full_charges.reported.describe(),
                )
            )

    def _follow_full_charge(self, cell: ApartCell, pack: BatteryReading, now_s: float) -> bool:
        highest_v = pack.highest_cell_voltage_v
        return highest_v is not None and self.full_charges.follow(cell, highest_v, now_s)

    def _follow_disconnect(self, pack: BatteryReading, now_s: float) -> None:
        """A pack that comes and goes is one fault; its text is that of the beginning."""
        if is_disconnected(pack):
            self.disconnected = self.disconnected or describe_measured(pack)
            self.disconnected_s = now_s
        elif now_s - self.disconnected_s >= ALARM_HOLDS_S:
            self.disconnected = ""

    def _follow_alarms(self, alarms: str, now_s: float) -> None:
        if alarms:
            self.alarms, self.alarms_s = alarms, now_s
        elif now_s - self.alarms_s >= ALARM_HOLDS_S:
            self.alarms = ""

    def _follow_cell(self, cell: ApartCell, now_s: float) -> None:
        """Report a cell that stays apart, until it stays near."""
        is_reported = self.cell is not None
        changes = abs(cell.difference_v) < NEAR_V if is_reported else is_apart(cell)
        if not changes:
            self.changing_since_s = None
        elif self.changing_since_s is None:
            self.changing_since_s = now_s
        elif now_s - self.changing_since_s >= APART_AFTER_S:
            self.cell, self.changing_since_s = None if is_reported else cell, None
        if self.cell is not None and not is_alike(self.cell, cell) and is_apart(cell):
            self.cell = cell


def describe_measured(pack: BatteryReading) -> str:
    """Its voltage and lowest cell, as far as it reports them."""
    parts = [
        "" if pack.voltage_v is None else say("{volts:.2f} V", volts=pack.voltage_v),
        ""
        if pack.lowest_cell_voltage_v is None
        else say("lowest cell {volts:.2f} V", volts=pack.lowest_cell_voltage_v),
    ]
    known = join_sentences(", ", filter(None, parts)) or say("voltage unknown")
    return say(" ({known})", known=known)


def advise(alarms: str) -> str:
    """What to do about alarms."""
    if all(is_cold(one) for one in alarms.split(", ")):
        return say("It cannot be charged while its cells are cold; warm it, or wait")
    return say(
        "It protects the battery by opening its MOSFETs; look at its cells, temperature and "
        "current before anything else"
    )


def is_cold(alarm: str) -> bool:
    """Whether the alarm is of the cold alone, in the words of any BMS."""
    return "under-temperature" in alarm or ("temperature" in alarm and "low" in alarm)


def is_apart(cell: ApartCell) -> bool:
    return abs(cell.difference_v) >= APART_V


def is_alike(reported: ApartCell, cell: ApartCell) -> bool:
    """Whether the words still hold."""
    same = reported.number == cell.number
    return same and abs(reported.difference_v - cell.difference_v) < TEXT_STEP_V


@dataclass
class PackFaults:
    """The state of each battery, by its name in the settings."""

    _packs: dict[str, PackState] = field(default_factory=dict)

    def follow(self, packs: Mapping[str, BatteryReading], now_s: float) -> list[PackFault]:
        """One fault for each battery that has something; its text says all that is wrong."""
        for name, pack in packs.items():
            self._packs.setdefault(name, PackState()).follow(pack)
        found = {
            name: say_all(state.describe())
            for name, state in self._packs.items()
            if now_s - state.known_s <= KNOWN_FOR_S
        }
        return [make_fault(name, text) for name, text in found.items() if text]


def say_all(parts: Iterable[str]) -> str:
    """The parts one after the other; "" where there is none."""
    told = ""
    for one in parts:
        told = say("{told} Also: {also}", told=told, also=one) if told else one
    return told


def name_alarms(alarms: str) -> str:
    """A BMS's alarms, each as a sentence of its own."""
    return join_sentences(", ", map(as_sentence, alarms.split(", ")))


def make_fault(name: str, text: str) -> PackFault:
    """The fault of that battery."""
    error = PackFault(say("bms {name}: {text}", name=name, text=text))
    error.code = f"battery-{name}"
    return error
