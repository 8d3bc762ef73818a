"""A throw-away PostgreSQL for tests: on a Unix socket in a temporary folder, no port, nothing waits for the disk.

Import the fixture where it is needed: `from tests.postgres import postgres  # noqa: F401`. PostgreSQL refuses to run
as root; then its own user (Debian: `postgres`) runs it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, text

USER = "postgres"
DATABASES = ("sqlite", "postgresql")
on_both_databases = pytest.mark.parametrize("database", DATABASES, indirect=True)
"""For tests whose `database` fixture says which one they run on."""
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class PostgresServer:
    socket_folder: Path

    def url(self, database: str = "postgres") -> URL:
        return URL.create(
            "postgresql+psycopg", username=USER, database=database, query={"host": str(self.socket_folder)}
        )

    def fresh_database(self, template: str = "template1") -> str:
        """The name of a new database: a copy of `template`, which nobody may be using."""
        name = f"test_{secrets.token_hex(6)}"
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
        engine.dispose()
        return name

    @contextlib.contextmanager
    def engine(self, template: str = "template1") -> Iterator[Engine]:
        """On a new database, empty or a copy of `template`."""
        engine = create_engine(self.url(self.fresh_database(template)))
        try:
            yield engine
        finally:
            engine.dispose()


def binaries() -> Path | None:
    """Where initdb and postgres are; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    # Below /tmp itself: pytest's own folders are closed to other users, and a socket's path is short (107 bytes).
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as home:
        command: list[str] = []
        if os.getuid() == 0:
            owner = pwd.getpwnam(USER)
            os.chown(home, owner.pw_uid, owner.pw_gid)
            command = ["setpriv", f"--reuid={USER}", f"--regid={owner.pw_gid}", "--clear-groups", "--"]
        data = f"{home}/data"
        run = {"cwd": home, "check": True, "capture_output": True, "timeout": START_SECONDS}
        initdb = [f"{folder}/initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run([*command, *initdb], **run)  # type: ignore[call-overload]
        options = f"-k {home} -c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        control = [*command, f"{folder}/pg_ctl", "-D", data, "-w", "-t", str(START_SECONDS)]
        log = f"{home}/log"
        subprocess.run([*control, "-l", log, "-o", options, "start"], **run, stdin=subprocess.DEVNULL)  # type: ignore[call-overload]
        try:
            yield PostgresServer(Path(home))
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **run)  # type: ignore[call-overload]
