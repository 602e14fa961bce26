"""Time from a fallen battery to the last stop order, in the real power process, beside each fault.

The table of faults is in faults.py, the unit that they are done to in site.py.
"""
