"""The energy of the unit: what comes in, what is left, and what may be drawn.

Reads the charge controller and the settings; writes the rows that appliance/tables.py lists.
Never: writes to power hardware, or imports inference, sensors or ota.
"""
