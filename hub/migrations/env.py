"""Alembic's environment: runs the branches of all packages over the connection that hub.database passes."""

from alembic import context

import collector.tables
import conferencing.tables
import exporters.oncall.rota.tables
import exporters.oncall.tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[collector.tables.metadata, conferencing.tables.metadata, exporters.oncall.tables.metadata],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
