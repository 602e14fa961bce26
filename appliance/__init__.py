"""The base package: row types, database, clock and settings, which all other packages use.

Reads and writes: the unit database, the settings file, PID 1's sockets.
Never: imports `power`, `sensors`, `inference`, `ota` or `provisioning`.
"""
