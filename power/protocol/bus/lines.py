"""All RS-485 and serial lines of a unit by their ports; several devices may share one.

Reads and writes: nothing by itself.
Never: opens a port twice.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.clock import Clock
from appliance.errors import SettingsError
from appliance.wording.sentence import say
from power.protocol.bus.bytewise import ByteLine
from power.protocol.bus.modbus import ModbusBus
from power.protocol.line_place import LinePlace, SerialForm


@dataclass
class Lines:
    """All lines of the unit, each opened once.

    `Lines(clock).modbus("/dev/ttyUSB0", SerialForm(9600), timeout_s=0.8, gap_s=0.02)`
    """

    clock: Clock
    quiet_s: float | None = None  # the silence after a lost reply; None: the line's time-out
    _open: dict[str, tuple[ModbusBus | ByteLine, SerialForm]] = field(default_factory=dict)

    def modbus(self, port: str, form: SerialForm, *, timeout_s: float, gap_s: float) -> ModbusBus:
        """The Modbus line at `port`. Raises `SettingsError` where devices on it do not agree."""
        bus = self._shared(ModbusBus, port, form, timeout_s=timeout_s, gap_s=gap_s)
        assert isinstance(bus, ModbusBus)
        return bus

    def bytewise(self, port: str, form: SerialForm, *, timeout_s: float, gap_s: float) -> ByteLine:
        """The line at `port` for another protocol."""
        line = self._shared(ByteLine, port, form, timeout_s=timeout_s, gap_s=gap_s)
        assert isinstance(line, ByteLine)
        return line

    def count_second_answers(self, port: str, device_id: int) -> int:
        """How often that device's request had two answers since the line was made."""
        return self._open[port][0].second_answers.counts[device_id] if port in self._open else 0

    def listen(self, port: str, on_end: Callable[[], None]) -> None:
        """Call `on_end` after each exchange on the line at that port, answered or lost."""
        if port in self._open:
            self._open[port][0].pause.on_end = on_end

    def close(self) -> None:
        for line, _ in self._open.values():
            line.close()
        self._open.clear()

    def _shared(
        self, kind: Any, port: str, form: SerialForm, *, timeout_s: float, gap_s: float
    ) -> Any:
        if port not in self._open:
            self._open[port] = (
                kind(port, self.clock, form, timeout_s=timeout_s, gap_s=gap_s),
                form,
            )
        line, used = self._open[port]
        line.quiet_s = self.quiet_s
        differs = str(LinePlace(port, used)) != str(LinePlace(port, form))
        if not isinstance(line, kind) or differs or used.bridged != form.bridged:
            raise SettingsError(
                say(
                    "two devices on {port} differ in serial settings ({used} and {form}) or in "
                    "protocol; give each a port of its own",
                    port=port,
                    used=used,
                    form=form,
                )
            )
        line.pause.gap_s = max(line.pause.gap_s, gap_s)
        line.timeout_s = max(line.timeout_s, timeout_s)
        return line
