"""`unitctl update`: what updates do and why, and what a technician may order.

Reads: rows, the update directory. Writes: holds.
Never: installs by itself.
"""
