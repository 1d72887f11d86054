"""Runs a migration on the connection it is handed."""

from alembic import context

from webapp.store.rows import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    # Our SQLite connections begin their transactions themselves, so that tables change all or none.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
