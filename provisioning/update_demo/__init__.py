"""`make update-demo`: a whole update of the unit of `make run`, with a release engineer's commands.

Reads: the settings and the database of the running unit. Writes: a fleet, releases, a web server.
Never: is used on a unit.
"""
