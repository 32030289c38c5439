"""What alembic runs for each migration command: the connection and the tables come from `ivr.database`."""

from alembic import context

config = context.config
connection = config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=list(config.attributes["metadata"]),
    # SQLite cannot alter most of a table in place.
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
