"""The agent starts lean: nothing heavy is imported, and nothing of the hub's."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "aioice", "aiortc", "alembic", "argon2", "av", "cryptography", "fastapi", "google", "httpx", "netmiko",
    "pkg_resources", "prometheus_client", "pydantic", "pysnmp", "rich", "sqlalchemy", "starlette", "typer",
    "uvicorn", "uvloop", "yaml",
    "collector", "conferencing", "exporters", "hub",
}  # fmt: skip


def imported(statement: str) -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in printed.stdout.split()}


def test_the_whole_agent_imports_nothing_heavy() -> None:
    found = imported("import agent.cli, agent.runner, agent.check, agent.status")
    assert {"agent", "psutil", "cramjam", "sqlite3"} <= found
    assert not found & HEAVY


def test_a_node_without_tls_does_not_load_ssl_before_it_needs_it() -> None:
    assert "psutil" not in imported("import agent.cli")
