"""All rows of one database into another one, SQLite or PostgreSQL, whatever each of them is.

A backup holds the database as an SQLite file even when the hub runs on PostgreSQL: it needs no program of a certain
version on this machine (pg_dump refuses a newer server), it is proved by the same restore, and it comes back onto
either database. The target gets its tables from the migrations, up to the very revisions of the source.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Connection, Engine, MetaData, Table, create_engine, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from hub import database
from hub.failure import UserError

ROWS_AT_ONCE = 5000
REVISIONS = "alembic_version"


class CopyError(Exception):
    """The message is for people."""


def to_file(source: Engine, file: Path) -> None:
    """A consistent copy as an SQLite file while the hub writes on. Raises CopyError."""
    target = create_engine(f"sqlite:///{file}")
    try:
        copy(source, target, str(file))
    finally:
        target.dispose()


def from_file(file: Path, target: Engine, where: str) -> None:
    """Fill the empty database `target` and bring it to this version's schema. Raises CopyError, UserError."""
    source = create_engine(f"sqlite:///{file}")
    try:
        copy(source, target, where)
    finally:
        source.dispose()
    database.migrate(target, where)


def copy(source: Engine, target: Engine, where: str) -> None:
    """Raises CopyError; the target is then as empty as it was."""
    try:
        with source.connect() as reading, target.connect() as looking:
            if inspect(looking).get_table_names():
                raise CopyError(f"{where}: không trống / is not empty; tạo mới / make a new one: createdb NAME")
            _one_instant(reading)
            revisions = MigrationContext.configure(reading).get_current_heads()
            if not revisions:
                raise CopyError(f"{where}: nguồn không có gì / the source holds nothing")
            looking.rollback()
            database.migrate(target, where, revisions)
            with _writing(target) as writing:
                _copy_rows(reading, writing)
    except SQLAlchemyError as error:
        _empty(target)
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise CopyError(f"{where}: chép không được / copying failed: {said[:500]}") from None
    except UserError as error:
        _empty(target)
        raise CopyError(str(error)) from None


def _empty(target: Engine) -> None:
    """Only after it was found empty: whatever is in it, the copy has made."""
    with contextlib.suppress(SQLAlchemyError), target.begin() as connection:
        made = MetaData()
        made.reflect(connection)
        made.drop_all(connection)


def counts(connection: Connection) -> dict[str, int]:
    """Rows by table."""
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in _tables(connection).items()
    }


def _one_instant(connection: Connection) -> None:
    """What is read from here on is of one moment."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    else:
        connection.exec_driver_sql("BEGIN")


def _copy_rows(source: Connection, target: Connection) -> None:
    given = _tables(source)
    for name, table in _tables(target).items():
        # The migrations may have put first rows there.
        target.execute(table.delete())
        columns = [given[name].c[column.name] for column in table.columns]
        found = source.execution_options(yield_per=ROWS_AT_ONCE).execute(select(*columns))
        for rows in found.mappings().partitions():
            target.execute(table.insert(), [dict(row) for row in rows])
    if target.dialect.name == "postgresql":
        _continue_numbers(target)


def _tables(connection: Connection) -> dict[str, Table]:
    """As the database itself says they are."""
    metadata = MetaData()
    metadata.reflect(connection)
    found = {name: table for name, table in sorted(metadata.tables.items()) if name != REVISIONS}
    for table in found.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                # SQL's NULL stays one: it is no JSON null.
                column.type.none_as_null = True
    return found


@contextlib.contextmanager
def _writing(target: Engine) -> Iterator[Connection]:
    """One transaction, in which the order of tables that refer to each other, or to themselves, does not matter."""
    with target.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.rollback()
            with connection.begin():
                yield connection
            return
        with connection.begin():
            # Taken away and made again: each row is then checked at once, and nobody has to be a superuser.
            references = _foreign_keys(connection)
            for table, name, _ in references:
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            yield connection
            for table, name, definition in references:
                connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _foreign_keys(connection: Connection) -> Sequence[tuple[str, str, str]]:
    found = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY conname"
    )
    return [(table, name, definition) for table, name, definition in found]


def _continue_numbers(connection: Connection) -> None:
    """Sequences do not notice rows that brought their own number."""
    found: list[Any] = list(
        connection.exec_driver_sql(
            "SELECT quote_ident(table_name), quote_ident(column_name), "
            "pg_get_serial_sequence(quote_ident(table_name), column_name) "
            "FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
        )
    )
    for table, column, sequence in found:
        connection.exec_driver_sql(
            f"SELECT setval('{sequence}', coalesce((SELECT max({column}) FROM {table}), 0) + 1, false)"  # noqa: S608 - names from the catalogue, quoted by it
        )
