from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from collector.accounts import passwords


@pytest.fixture(autouse=True)
def quick_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little, except where argon2 itself is looked at."""
    if request.path.name != "test_passwords.py" and "weaker_parameters" not in request.node.name:
        monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
