"""Rows of the fleet: SQLite on one machine, PostgreSQL beyond it; one set of tables for both.

tables     what is kept
migrations the steps of the tables, by Alembic
opening    a database by its address, brought up to date
"""

import logging

# Before it is imported: it tells of each of its parts, and of each step that it did not take.
logging.getLogger("alembic").setLevel(logging.WARNING)
