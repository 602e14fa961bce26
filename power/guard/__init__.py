"""The guard: what may run at most. It needs no plan, no database and no clock.

state, verdict = judge(state, reading, reading_age_s, battery, settings, now)
verdict.max_level, verdict.power_off, verdict.reason
"""
