"""The energy of the unit: what comes in, what is left, and what may be drawn.

Reads: charge controllers, batteries, the settings. Writes: the rows that appliance/tables.py lists.
Never: writes to power hardware, or imports inference, sensors or ota.

The data runs one way:

    devices/, framing/  what each model says, as tables  (register, profile, meaning)
    wire, bus/, line    how it is asked                  (line_health: how well)
    meter, meters       one device, all devices          (plausible, combine)
    battery             what is in it                    (belief, counting, anchors, voltage_curve)
    guard, ladder       what may run at most, and what should
    budget, loads       the ruling, and the orders to PID 1
    cycle               all of this, once a poll
    plan                the day ahead, twice a day       (outlook, clear_sky)

Beside it, probe/ finds devices, simulated/ stands in for them, models and models_page list them.
"""
