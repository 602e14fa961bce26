"""The unit database: the bus between all processes, and the one door to it.

Reads and writes: unit.db (SQLite, WAL).
Never: lets SQL out; other packages ask `Store` and the typed queries of this package.

    tables       every table, its one writer, its age and retention: start here
    store        the door: `Store`
    steps, pages, plan_rows, event_rows     queries for charts, exports, plans, events
    rows         a dataclass as a row and back
    migrations, prepare, retention, backup
    durable_files, file_locks               files that survive a power cut; who writes one

A reader, and a writer that may write the tables of its own service only:

    store = Store(settings.database, clock)
    budget = store.latest(EnergyBudget)                      # None where it is stale
    state = store.before(CameraState, at, camera="gate")     # the last row up to `at`

    Store(settings.database, clock, writer="power").add(reading, budget)  # one transaction
"""
