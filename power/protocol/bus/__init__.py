"""Lines to power devices: send a request, check the reply. Serial ports, or TCP in their place.

Reads: replies. Writes: requests to read; nothing else, there is no call that writes a register.
Never: passes on a damaged, foreign or incomplete reply. The one importer of pymodbus and pyserial.

A reply may come in several parts. What is left of an earlier reply is discarded before each
request. A line that fails is closed and the next request opens it again, which also finds an
adapter that was unplugged and came back. Usage:

    lines = Lines(SystemClock())
    bus = lines.modbus("/dev/ttyUSB0", SerialForm(115_200), timeout_s=0.8, gap_s=0.02)
    words = bus.read(4, 0x3100, 2, device_id=1)
"""

from power.protocol.bus.bytewise import ByteLine
from power.protocol.bus.lines import Lines
from power.protocol.bus.modbus import ModbusBus
from power.protocol.bus.reader import ModbusReader

__all__ = ["ByteLine", "Lines", "ModbusBus", "ModbusReader"]
