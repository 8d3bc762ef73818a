"""Lines of the tests. Without root they fail with what is needed, and are never silently left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lines.bench import Bench, direct, routed


@pytest.fixture
def bench() -> Iterator[Bench]:
    with direct() as one:
        yield one


@pytest.fixture
def office() -> Iterator[Bench]:
    with routed() as one:
        yield one
