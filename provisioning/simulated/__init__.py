"""A simulated sun, battery and charge controller on a real Modbus line.

Reads: the unit's settings and, for the load, the unit database. Writes: answers on its line.
Never: shares code with the driver but the register table, and never a Modbus codec.
"""
