"""One-time passwords, made to be read aloud and typed."""

from __future__ import annotations

import secrets

# Without those that are taken for one another on paper: l, 1, o, 0.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
GROUPS = 4


def one_time_password() -> str:
    """80 random bits in four groups of four."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS))
