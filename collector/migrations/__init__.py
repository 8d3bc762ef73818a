"""Alembic revisions of the collector; the hub runs them (branch "collector")."""
