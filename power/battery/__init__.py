"""The battery estimator: coulomb counting with drift estimation, and what corrects the count.

estimate = estimator.update(estimate, reading, settings.battery, bms_pct)
state = estimator.report_state(estimate, reading, settings.battery, now)
"""
