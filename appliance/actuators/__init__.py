"""Actuators: load switches, Jetson power mode, GPU power limit; one program each, run by PID 1.

    switch.py          appliance-switch@NAME, appliance-switches-off
    jetson_mode.py     appliance-jetson-mode@NAME; mode_restart.py says when a restart is allowed
    gpu_limit.py       appliance-gpu-limit@WATTS
    oneshot.py         how each of them runs

Reads: the settings. Writes: switches, power modes and limits, its own faults.
Never: decides. The power service does (power/act/loads.py) and asks PID 1 to start these.
"""
