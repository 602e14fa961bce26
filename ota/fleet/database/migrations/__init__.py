"""The steps of the fleet's tables, by Alembic; versions/ has one file for each."""
