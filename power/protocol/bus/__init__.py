"""The lines to power devices: ask, and check the answer. Serial ports, or TCP in their place.

Reads: replies. Writes: requests to read; nothing else, there is no call that writes a register.
Never: gives out a damaged, foreign or half reply. The one importer of pymodbus and pyserial.

A reply may come in several bursts. What is left of an earlier reply is thrown away before each
request. A line that fails is closed and the next request opens it again, which also finds an
adapter that was unplugged and came back.
"""

from power.protocol.bus.bytewise import ByteLine
from power.protocol.bus.lines import Lines
from power.protocol.bus.modbus import ModbusBus

__all__ = ["ByteLine", "Lines", "ModbusBus"]
