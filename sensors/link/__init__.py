"""The mobile link: the modem, what it has cost, when it is on, what is done in a silence.

    ModemManager, NetworkManager, sysfs --> look.py --> cycle.py --> rows
                                            traffic.py, duty.py, watchdog.py: the rules, pure

Reads: both daemons on the system's bus, the interface's counters, rows of energy and updates.
Writes: LinkState, LinkReset, LinkDay; orders to both daemons.
Never: orders anything of PID 1: the power service switches the modem's supply, as `LinkState` asks.
"""
