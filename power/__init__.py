"""The energy of the unit: what comes in, what is left, and what may be drawn.

Reads: charge controllers, batteries, the settings. Writes: the rows that appliance/store/tables.py
lists.
Never: writes to power hardware, or imports inference, sensors or ota.

The data runs one way, from the first package to the last:

    protocol/    registers, profiles, framing, the bus: how a device is asked
    devices/     one file of rows for each make: what a device reports, as tables
    reading/     polls all devices, rejects values that cannot be, combines them into one reading
    audit/       what the battery is treated like: set-points, cells, alarms before damage
    battery/     the estimator: charge and its sigma; corrected by voltage, BMS, full and empty
    guard/       what may run at most, by voltage, by charge and by silence; the reserve
    plan/        what should run: the ladder, or the policy of the plan; the days ahead
    act/         the arbiter sets the budget, the actuator gives the orders to PID 1
    sleep/       the sleep controller: suspend and power-off, the wake, the energy check at boot

    cycle        one cycle: read, estimate, judge, propose, arbitrate, act, then store (row_writer)
    __main__     wires the parts: `python -m power`

On request: commands/ answers `unitctl energy` and others; probe/ finds devices on a port.

A newcomer starts at power/cycle.py, `PowerCycle.__call__`.
"""
