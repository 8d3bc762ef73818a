"""The whole hub on PostgreSQL: sign in, measure, stop, start, connections lost, back up, restore."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.e2e.system import System, until
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]

pytestmark = pytest.mark.e2e

PASSWORD = "mật-khẩu-của-cơ-sở-dữ-liệu"


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    # PostgreSQL asks nobody for it on this socket; it must be in no log all the same.
    return postgres.url(postgres.fresh_database()).set(password=PASSWORD).render_as_string(hide_password=False)


@pytest.fixture
def system(tmp_path: Path, url: str) -> Iterator[System]:
    system = System(tmp_path / "hub")
    (system.data / "secrets").mkdir(mode=0o700)
    (system.data / "secrets" / "database.url").write_text(url)
    system.start()
    yield system
    system.stop()


def measured(client: httpx.Client) -> bool:
    (site,) = client.get("/api/v1/board").raise_for_status().json()["sites"]
    return bool(site["nodes"]) and site["nodes"][0]["cpu_busy_ratio"] is not None and bool(site["lines"][0]["mos"])


def minutes(client: httpx.Client) -> int:
    (line,) = client.get("/api/v1/board/sites/trung-tam/history").json()["lines"].values()
    return sum(sent or 0 for sent in line["sent"])


def cut_off_everybody(url: str) -> None:
    """As a restart of PostgreSQL does it."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def test_a_hub_lives_on_postgresql(system: System, url: str, postgres: PostgresServer, tmp_path: Path) -> None:
    assert not (system.data / "hub.db").exists()
    with system.signed_in() as client:
        until(lambda: measured(client), 90, "the node and its line on the board")
        assert client.post("/api/v1/meetings", json={"title": "Giao ban"}).status_code == 201
        before = until(lambda: minutes(client), 30, "minutes in the database")

    assert system.interrupt()[0] == 0
    system.start()
    with system.signed_in() as client:
        until(lambda: measured(client), 60, "the board after the restart")
        assert minutes(client) >= before
        assert [one["title"] for one in client.get("/api/v1/meetings").json()["meetings"]] == ["Giao ban"]

    cut_off_everybody(url)
    with system.signed_in() as client:
        before = until(lambda: minutes(client), 30, "the history after lost connections")
        until(lambda: minutes(client) > before, 60, "further minutes after lost connections")

    checked = system.command("check")
    assert (checked.returncode, "postgresql://postgres@" in checked.stdout) == (0, True), checked.stdout

    backed_up = system.command("backup")
    assert backed_up.returncode == 0, backed_up.stderr
    # The hub made one by itself when it first ran.
    archive = max((system.data / "backup").glob("*.age"))
    restored = subprocess.run(
        [sys.executable, "-m", "hub", "restore", str(archive), "--data", str(tmp_path / "new"), "--key-file",
         str(system.data / "secrets" / "backup.key")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert restored.returncode == 0, restored.stderr
    # The hub.toml of the backup names no database: the new folder runs on SQLite.
    verified = subprocess.run(
        [sys.executable, "-m", "hub", "audit", "verify", "--data", str(tmp_path / "new")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (verified.returncode, "nguyên vẹn" in verified.stdout) == (0, True), verified.stdout + verified.stderr

    logs = "".join(file.read_text() for file in (system.data / "log").glob("*")) + "".join(system.lines)
    assert PASSWORD not in logs + checked.stdout + checked.stderr
