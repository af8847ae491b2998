"""What alembic runs: the migrations on the connection that the hub holds, or as SQL for a person to read."""

from __future__ import annotations

from alembic import context

from reviewer.hub.schema_audit import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"), target_metadata=metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    context.configure(connection=connection, target_metadata=metadata)
    context.run_migrations()
