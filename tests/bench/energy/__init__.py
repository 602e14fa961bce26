"""The energy benchmark: real weather, a plant, the unit's own code, and what it could have done.

    weather       published weather of real sites, as sun on the panels
    cases         which unit stands at which site
    plant         battery and sun, fifteen minutes a step
    faults        what sensors do wrong
    drive         the unit's real estimator, guard and planner on that plant
    baselines     what others do
    clairvoyant   what could have been done by one who knows the year
    bootstrap     whether a difference is more than chance
    report        the table and the pictures

`python -m tests.bench.energy` runs it all.
"""
