"""What every process of the unit does alike: its loop, PID 1 (notify, orders), the computer's
clock.

Reads and writes: see service.py. The library `systemd` is imported in service.py only.
Never: holds a rule of energy, cameras or updates.
"""
