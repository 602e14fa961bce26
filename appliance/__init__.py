"""Floor 0: the words, the bus, the clock and the settings that every other package stands on.

Reads and writes: the unit database, the settings file, PID 1's sockets.
Never: imports `power`, `sensors`, `inference`, `ota` or `provisioning`.
"""
