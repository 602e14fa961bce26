"""`unitctl update`: what updates do and why, and what a technician may order.

Reads: rows, the update directory. Writes: orders of the technician.
Never: installs by itself: the next check-in does.
"""
