"""Whether a charge controller is still the one that answered before, by its serial number.

    numbers.recall(rows)                # of before the start, once
    rows = numbers.compare(rows)        # with the number that is known, where another one answers
    numbers.find_faults()

Reads and writes: nothing; the rows of the devices keep what is known over a restart.
Never: takes one that tells no number for another one, or a new number for the known one before a
technician has said so: forgetting the row does (power/battery/forgetting.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from appliance.errors import BusError
from appliance.model_set_points import KNOWN_SERIAL_NUMBER, SERIAL_NUMBER, DeviceState
from appliance.wording.sentence import say

CHARGER = "charger "


class OtherDevice(BusError):  # noqa: N818  (named for what answers)
    """Another charge controller answers than before."""

    code = "other"


@dataclass
class SerialNumbers:
    """The number of each charge controller, by its title; `_other`: of one in its place."""

    _known: dict[str, str] = field(default_factory=dict)
    _other: dict[str, str] = field(default_factory=dict)
    _is_recalled: bool = False

    def recall(self, rows: Iterable[DeviceState]) -> None:
        """What was known before the start."""
        if self._is_recalled:
            return
        self._is_recalled = True
        for row in rows:
            known = row.words.get(KNOWN_SERIAL_NUMBER) or row.words.get(SERIAL_NUMBER)
            if known and row.device.startswith(CHARGER):
                self._known[row.device] = known

    def compare(self, rows: Iterable[DeviceState]) -> tuple[DeviceState, ...]:
        """The rows of now. One that is silent keeps what is known of it."""
        return tuple(self._compare(row) for row in rows)

    def _compare(self, row: DeviceState) -> DeviceState:
        if not row.device.startswith(CHARGER):
            return row
        found = row.words.get(SERIAL_NUMBER)
        known = self._known.setdefault(row.device, found) if found else self._known.get(row.device)
        if found == known:
            self._other.pop(row.device, None)
        elif found:
            self._other[row.device] = found
        if known is None or found == known:
            return row
        return replace(row, words={**row.words, KNOWN_SERIAL_NUMBER: known})

    def find_faults(self) -> list[OtherDevice]:
        """What a technician should say."""
        return [
            make_fault(title, known=self._known[title], found=found)
            for title, found in self._other.items()
        ]


def make_fault(title: str, *, known: str, found: str) -> OtherDevice:
    """The fault in words."""
    name = title.removeprefix(CHARGER)
    error = OtherDevice(
        say(
            "{title}: another charge controller answers, with the serial number {found} (before: "
            "{known}). Where it was replaced, take `unitctl provision replaced charger {name}`, so "
            "that what was learned of the old one is forgotten; where two adapters have changed "
            "places, change them back",
            title=title,
            found=found,
            known=known,
            name=name,
        )
    )
    error.code = f"{OtherDevice.code}-charger-{name}"
    return error
