"""`make fleet-demo`: simulated units, one release that is kept and one that stops by itself.

    demo_clock      the time of all of it, which passes when it is told to
    surroundings    what is around its updater: sun, battery, sleep; whether a release works
    unit_report     what a unit reports
    simulated_unit  one unit: its real updater, trust and reports; only what is around is made up
    signing         the release engineer's commands, in the time of the demonstration
    sites           all units, hour by hour
    __main__        the demonstration

Reads and writes: a directory of its own.
Never: is used on a unit.
"""
