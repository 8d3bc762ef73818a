"""The hub's database, SQLite or PostgreSQL: opening it, and bringing it to this version's schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

import collector
import conferencing
import exporters
from hub import secret_files
from hub.database_location import name_of
from hub.failure import UserError
from hub.paths import Paths

BUSY_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_MS = 10_000
_PACKAGES_WITH_TABLES = (collector, conferencing, exporters)
_MIGRATION_LOCK = 0x7468_6F6E_6773  # "thongs": one process migrates, the others wait.


def opened(paths: Paths) -> Engine:
    """The database of these paths, at this version's schema. Raises UserError with the cure."""
    _refuse_another_database(paths)
    engine = open_engine(paths.database) if paths.database_url is None else open_postgresql(paths.database_url)
    try:
        migrate(engine, name_of(paths))
        if paths.database_url is not None and not paths.database_mark.exists():
            secret_files.replace(paths.database_mark, f"{name_of(paths)}\n".encode())
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_engine(path: Path) -> Engine:
    """SQLite in WAL mode; what is accepted is on disk before it is acknowledged."""
    engine = create_engine(f"sqlite:///{path}", pool_size=8, max_overflow=16)
    event.listen(engine, "connect", _prepare_connection)
    return engine


def open_postgresql(url: URL) -> Engine:
    """Nothing is connected yet. A lost connection is found before it is used. Raises UserError without the driver."""
    options = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c idle_in_transaction_session_timeout=600000 -c jit=off"
    arguments = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "thongsuot",
        "client_encoding": "utf8",
        "options": options,
    }
    try:
        return create_engine(url, pool_size=8, max_overflow=16, pool_pre_ping=True, connect_args=arguments)
    except ModuleNotFoundError:
        raise UserError(
            "chưa cài thư viện PostgreSQL / PostgreSQL's library is not installed: "
            "pip install 'psycopg[binary]>=3.2,<4'"
        ) from None


def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


def migrate(engine: Engine, where: str, revisions: tuple[str, ...] = ("heads",)) -> None:
    """Bring the schema to this version. Raises UserError when it is a newer one, or no database at all."""
    config = alembic_config()
    try:
        with engine.begin() as connection:
            _refuse_foreign_text(connection, where)
            if connection.dialect.name == "postgresql":
                # Another process' migration may take longer than any other lock is waited for.
                connection.execute(text("SET LOCAL lock_timeout = '30min'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            _refuse_newer(connection, ScriptDirectory.from_config(config), where)
            config.attributes["connection"] = connection
            for revision in revisions:
                command.upgrade(config, revision)
    except DatabaseError as error:
        raise UserError(_unusable(error, engine, where)) from None


def revisions_behind(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The revisions that the database is at, and those of this version."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return MigrationContext.configure(connection).get_current_heads(), tuple(scripts.get_heads())


def unreachable(error: DatabaseError, where: str) -> str:
    """In one line for people: what, what is kept, what to do."""
    said = " ".join(str(error.orig).split())
    return (
        f"{where}: không dùng được PostgreSQL / cannot be used: {said}. "
        f"Không mất gì: điểm giám sát giữ mẫu của mình / nothing is lost: nodes keep their samples. "
        f"Kiểm tra / check: systemctl status postgresql; địa chỉ, tên, mật khẩu trong / address, user and password "
        f"in secrets/database.url"
    )


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "newline")
    folders = (Path(str(package.__file__)).with_name("migrations") / "versions" for package in _PACKAGES_WITH_TABLES)
    config.set_main_option("version_locations", "\n".join(map(str, folders)))
    return config


def _unusable(error: DatabaseError, engine: Engine, where: str) -> str:
    if engine.dialect.name == "postgresql":
        return unreachable(error, where)
    return (
        f"{where}: không dùng được / cannot be used as a database: {error.orig}; "
        f"phục hồi từ bản sao lưu / restore it from a backup"
    )


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, where: str) -> None:
    known = {revision.revision for revision in scripts.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise UserError(
            f"{where}: do phiên bản mới hơn ghi / was written by a newer version of Thông Suốt "
            f"(schema {', '.join(sorted(unknown))}); start that version, or restore the backup made before the update"
        )


def _refuse_foreign_text(connection: Connection, where: str) -> None:
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise UserError(
            f"{where}: giữ chữ bằng / keeps text as {encoding}; tạo lại bằng / make it again with: "
            f"createdb -T template0 -E UTF8 -l C.UTF-8"
        )
    tables = set(inspect(connection).get_table_names())
    if tables and "alembic_version" not in tables:
        raise UserError(
            f"{where}: đã có bảng của chương trình khác / holds tables of another program ({min(tables)}, …); "
            f"cho Thông Suốt một cơ sở dữ liệu riêng / give Thông Suốt a database of its own"
        )


def _refuse_another_database(paths: Paths) -> None:
    """A hub that silently starts empty looks like one that lost everything."""
    if paths.database_url is None and paths.database_mark.exists():
        kept = paths.database_mark.read_text(encoding="utf-8").strip()
        raise UserError(
            f"{paths.root}: dữ liệu ở / belongs to {kept}; cho địa chỉ ấy / give that address again "
            f"(secrets/database.url, THONGSUOT_SECRET_DATABASE_URL, [database] url)"
        )
    if paths.database_url is not None and paths.database.exists() and not paths.database_mark.exists():
        raise UserError(
            f"{paths.database} đã có dữ liệu / holds this hub's data, and the configuration means {name_of(paths)}. "
            f"Chuyển sang / move it: thongsuot backup, thongsuot restore … --database-url-file FILE; "
            f"hoặc bỏ địa chỉ ấy / or leave that address out to stay with SQLite"
        )


def _prepare_connection(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
