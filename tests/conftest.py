"""What all tests share. In CI a skipped test is a failed run: a skip there means that something is not installed."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

# Whole files go to the processes that share the tests; what takes longest begins first, so that none comes late.
LONGEST = (
    "tests/e2e/test_restart.py",
    "tests/e2e/test_fleet.py",
    "tests/e2e/test_random_kills.py",
    "tests/exporters/test_live_families.py",
    "tests/conferencing/test_bad_lines_in_browsers.py",
    "tests/api",
    "tests/lines",
    "tests/e2e",
    "tests/collector/directory",
    "tests/conferencing",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(config.rootpath)
        return next((place for place, one in enumerate(LONGEST) if path.is_relative_to(Path(one))), len(LONGEST))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("CI"):
        terminalreporter.write_line(f"{len(skipped)} skipped: in CI that is a failure", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
