"""The unit database: the bus between all processes, and the one door to it.

Reads and writes: unit.db (SQLite, WAL).
Never: lets SQL out; other packages ask `Store` (store.py).

    tables       every table, its one writer, its age and retention: start here
    store        the door
    rows         a dataclass as a row and back
    migrations, prepare, retention, backup
"""
