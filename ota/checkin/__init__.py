"""`python -m ota.checkin`: report, ask, and let an update take its steps; a oneshot on a timer.

Reads: settings, mirrors, rows. Writes: rows `update_state` and `check_in`.
Never: stays resident.
"""
