"""`python -m ota.checkin`: reports, asks, and lets an update take its steps; started by a timer.

Reads: settings, mirrors, rows. Writes: rows `update_state` and `check_in`, the update directory.
Never: stays resident: it ends when nothing more can be done now.
"""
