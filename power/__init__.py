"""The energy of the unit: what comes in, what is left, and what may be drawn.

Reads: charge controllers, batteries, the settings. Writes: the rows that appliance/store/tables.py
lists.
Never: writes to power hardware, or imports inference, sensors or ota.

The data runs one way:

    devices/, framing/  what each model says, as tables  (register, profile, meaning)
    wire, bus/, line    how it is asked                  (line_health: how well)
    meter, meters       one device, all devices          (plausible, combine)
    battery             what is in it                    (belief, hearing, counting, evidence,
                                                          anchors, voltage_curve)
    guard               what may run at most             (limits, witness, reserve)
    planned, ladder     what should run                  (policy; worth of a way to spend)
    budget, loads       the ruling, and the orders to PID 1    (hosts)
    bedtime             sleep and return                 (sleep, boot, boots_file, packing, night)
    cycle               all of this, once a poll
    plan                the days ahead, twice a day: past and sun_day (what the site taught), sky,
                        forecast, planner (what charge is worth), nightly (the table), outlook and
                        futures (what to expect), replay (did the ladder do better?)

On request: energy_command (why, energy_outlook, what_if) answers `unitctl energy`.

Beside it, probe/ finds devices, simulated/ stands in for them, models and models_page list them.
"""
