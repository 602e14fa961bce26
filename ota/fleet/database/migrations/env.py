"""What Alembic runs: the steps, on the connection that opening.py gives."""

from alembic import context

from ota.fleet.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
