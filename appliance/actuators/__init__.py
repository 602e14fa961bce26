"""What is switched, and what needs a privilege: one tiny program each, run by PID 1.

Reads: the settings. Writes: switches, power modes and limits, its own faults.
Never: decides. The power service does (power/act/loads.py) and asks PID 1 to start these.
"""
