"""The hub's database: opening it, and bringing it to this version's schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

import collector
import conferencing
from hub.failure import UserError

BUSY_TIMEOUT_MS = 10_000
_PACKAGES_WITH_TABLES = (collector, conferencing)


def open_engine(path: Path) -> Engine:
    """SQLite in WAL mode; what is accepted is on disk before it is acknowledged."""
    engine = create_engine(f"sqlite:///{path}", pool_size=8, max_overflow=16)
    event.listen(engine, "connect", _prepare_connection)
    return engine


def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


def migrate(engine: Engine, where: str) -> None:
    """Bring the schema to this version. Raises UserError when it is a newer one, or no database at all."""
    config = _alembic_config()
    try:
        with engine.begin() as connection:
            _refuse_newer(connection, ScriptDirectory.from_config(config), where)
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
    except DatabaseError as error:
        raise UserError(f"{where}: cannot be used as a database: {error.orig}; restore it from a backup") from None


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, where: str) -> None:
    known = {revision.revision for revision in scripts.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise UserError(
            f"{where}: was written by a newer version of Thông Suốt (schema {', '.join(sorted(unknown))}); "
            f"start that version, or restore the backup made before the update"
        )


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "newline")
    folders = (Path(str(package.__file__)).with_name("migrations") / "versions" for package in _PACKAGES_WITH_TABLES)
    config.set_main_option("version_locations", "\n".join(map(str, folders)))
    return config


def _prepare_connection(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
