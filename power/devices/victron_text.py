"""Labels of VE.Direct text as a table, and the polling plan that all VE.Direct devices share.

Reads and writes: nothing; pure. Source: "VE.Direct Protocol" 3.34 (the maker's list of labels).
Never: passes a value that is out of its row's range, or a word that is no number; labels without a
row are ignored (firmware adds new ones).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from appliance.model import Quality
from power.protocol.framing.vedirect import HISTORY, LIVE, TEXT
from power.protocol.line_place import SerialForm
from power.protocol.profile import Block, Identification, Profile
from power.protocol.register import ABSENT, IMPLAUSIBLE, Decoded, Register, decode

NOT_THERE = "---"  # a sensor that is not fitted; a shunt that was never synchronised


class Notation(Enum):
    """How a number is written."""

    DECIMAL = re.compile(r"-?[0-9]{1,12}")
    HEX = re.compile(r"0x[0-9A-Fa-f]{1,8}")
    SWITCH = re.compile(r"ON|OFF")


@dataclass(frozen=True, slots=True)
class Label:
    """One row of a device's table; value = number / scale, in `unit`, valid from low to high.

    `absent` lists the words by which the device reports that it has no such value.
    """

    label: str
    scale: float
    low: float
    high: float
    unit: str
    name: str
    absent: tuple[str, ...] = (NOT_THERE,)
    script: Notation = Notation.DECIMAL

    def decode(self, word: str) -> Decoded:
        """The value of the word after the label; None with its quality where there is none."""
        if word in self.absent:
            return ABSENT
        if not self.script.value.fullmatch(word):
            return IMPLAUSIBLE
        value = parse_number(word, self.script) / self.scale
        return Decoded(value, Quality.OK) if self.low <= value <= self.high else IMPLAUSIBLE

    @property
    def is_history(self) -> bool:
        """Whether it may come in a block of its own."""
        return self.label.startswith("H")


def parse_number(word: str, script: Notation) -> int:
    """The number that `word` means in that notation."""
    if script is Notation.SWITCH:
        return int(word == "ON")
    return int(word, 16 if script is Notation.HEX else 10)


# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
MPPT_LABELS = (
    #     label   scale  low     high    unit   name
    Label("V",    1000,  5,      70,     "V",   "battery_voltage"),
    Label("I",    1000,  -25,    210,    "A",   "battery_current"),       # with a load output: less what that draws
    Label("VPV",  1000,  0,      460,    "V",   "pv_voltage"),
    Label("PPV",  1,     0,      12000,  "W",   "pv_power"),
    Label("IL",   1000,  0,      25,     "A",   "load_current"),          # only with a load output; in steps of 0.1 A, cut off
    Label("LOAD", 1,     0,      1,      "",    "load_on",                script=Notation.SWITCH),  # also without a load output: its relay
    Label("CS",   1,     0,      255,    "",    "charge_state"),
    Label("MPPT", 1,     0,      2,      "",    "tracker"),               # 0 off, 1 limited: there is more sun, 2 active
    Label("OR",   1,     0,      2**32,  "",    "off_reason",             script=Notation.HEX),
    Label("ERR",  1,     0,      255,    "",    "error"),
    Label("H19",  100,   0,      1e7,    "kWh", "generated_total"),
    Label("H20",  100,   0,      300,    "kWh", "generated_today"),       # the controller's day: from dawn to dawn
    Label("H21",  1,     0,      15000,  "W",   "highest_power_today"),
    Label("H22",  100,   0,      300,    "kWh", "generated_yesterday"),
    Label("H23",  1,     0,      15000,  "W",   "highest_power_yesterday"),
    Label("HSDS", 1,     0,      365,    "",    "day_number"),
)
SHUNT_LABELS = (
    Label("V",    1000,  5,      120,    "V",   "voltage"),
    Label("VS",   1000,  -5,     70,     "V",   "starter_voltage"),
    Label("VM",   1000,  0,      70,     "V",   "midpoint_voltage"),
    Label("DM",   10,    -100,   100,    "%",   "midpoint_deviation"),
    Label("I",    1000,  -2000,  2000,   "A",   "current"),               # + is into the battery
    Label("P",    1,     -99999, 99999,  "W",   "power"),
    Label("T",    1,     -40,    100,    "C",   "temperature"),
    Label("CE",   1000,  -20000, 0,      "Ah",  "consumed"),              # negative: what is missing from full
    Label("SOC",  10,    0,      100,    "%",   "state_of_charge"),
    Label("TTG",  1,     0,      14400,  "min", "time_to_go",             absent=(NOT_THERE, "-1")),  # -1: for ever
    Label("AR",   1,     0,      65535,  "",    "alarm_reason"),
    Label("MON",  1,     -128,   127,    "",    "monitor_mode"),          # 0 battery; others: a meter of one source or load
    Label("H4",   1,     0,      100000, "",    "cycles"),
)
# fmt: on
TESTED = ("our simulator",)
LONGEST_SERIAL = 32


class VeDirectDevice(Profile):
    """What all VE.Direct devices have in common: labels, and maybe HEX registers."""

    labels: ClassVar[tuple[Label, ...]]
    registers: ClassVar[tuple[Register, ...]] = ()
    live: ClassVar[tuple[Block, ...]] = (Block(TEXT, LIVE),)
    # Where the history is in the same block as the rest, `live` brings it anew.
    slow: ClassVar[tuple[Block, ...]] = (Block(TEXT, HISTORY),)
    serial_number: ClassVar[Block | None] = Block(TEXT, LIVE)
    serial = SerialForm(19_200)
    protocol = "VE.Direct"
    has_ids = False
    timeout_s = 3.0  # it sends once a second; one block may be lost, or be the other one of two
    gap_s = 0.02
    least_interval_s = 1.0
    tested: ClassVar[tuple[str, ...]] = TESTED

    def find_serial_number(self, data: bytes) -> str | None:
        found = split_labels(data).get("SER#", "")
        return found if found.isalnum() and len(found) <= LONGEST_SERIAL else None

    def decode(self, block: Block, data: bytes) -> dict[str, Decoded]:
        if block.function == TEXT:
            return decode_text(self.labels, data, history_only=block.address == HISTORY)
        return {row.name: decode_register(row, data) for row in self.rows(block)}

    def rows(self, block: Block) -> tuple[Register, ...]:
        place = (block.function, block.address)
        return tuple(row for row in self.registers if (row.function, row.address) == place)

    def names(self, block: Block) -> tuple[str, ...]:
        if block.function != TEXT:
            return tuple(row.name for row in self.rows(block))
        history = block.address == HISTORY
        return tuple(row.name for row in self.labels if row.is_history == history)


def split_labels(content: bytes) -> dict[str, str]:
    """Each label in a text block with the word after it."""
    lines = (line.partition("\t") for line in content.decode("ascii", "replace").split("\r\n"))
    return {label: word for label, tab, word in lines if tab}


def decode_text(
    labels: Sequence[Label], content: bytes, history_only: bool = False
) -> dict[str, Decoded]:
    """The values of all labels that are in the block and in the table."""
    words = split_labels(content)
    rows = [row for row in labels if row.is_history or not history_only]
    return {row.name: row.decode(words[row.label]) for row in rows if row.label in words}


def decode_register(row: Register, data: bytes) -> Decoded:
    """The value of a HEX reply; one of another length is of another meaning."""
    return decode(row, data) if len(data) == row.kind.size else IMPLAUSIBLE


def describe_device(
    kind: str, words: dict[str, str], products: tuple[range, ...]
) -> Identification:
    """The device of a text block: product, firmware and serial number."""
    product_id, firmware = words.get("PID", ""), words.get("FW", words.get("FWE", "?"))
    number = (
        parse_number(product_id, Notation.HEX) if Notation.HEX.value.fullmatch(product_id) else -1
    )
    title = f"Victron {kind}, product {product_id}, firmware {firmware}"
    serial = f", serial number {words['SER#']}" if "SER#" in words else ""
    text = "".join(letter for letter in title + serial if letter.isprintable())
    return Identification(text, certain=any(number in ids for ids in products))
