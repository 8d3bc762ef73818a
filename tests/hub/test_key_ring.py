"""Where secrets come from, and what is stored encrypted with which key."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.accounts.sealing import SealError
from hub.failure import UserError
from hub.key_ring import KeyRing
from hub.secret_sources import CREDENTIALS, secret_sources

SECRET = "GEZDGNBVGY3TQOJQ"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(secret_sources(tmp_path, {}))


def test_what_is_sealed_opens_in_its_own_place_only(ring: KeyRing) -> None:
    sealed = ring.seal(SECRET, "totp:1")
    assert SECRET not in sealed
    assert ring.open(sealed, "totp:1") == SECRET
    assert ring.seal(SECRET, "totp:1") != sealed
    with pytest.raises(SealError):
        ring.open(sealed, "totp:2")


def test_old_values_open_after_a_rotation_until_their_key_is_forgotten(ring: KeyRing, tmp_path: Path) -> None:
    old = ring.seal(SECRET, "x")
    # The running hub holds the ring as it was; a command of the line rotates.
    running = KeyRing(secret_sources(tmp_path, {}))
    ring.add_key()
    new = ring.seal(SECRET, "x")
    assert new.partition("$")[0] != old.partition("$")[0]
    assert running.open(old, "x") == running.open(new, "x") == SECRET
    assert len(ring.key_ids) == 2
    assert ring.forget_old_keys() == 1
    assert ring.open(new, "x") == SECRET
    with pytest.raises(SealError, match="not in the key ring"):
        ring.open(old, "x")


def test_each_purpose_has_keys_of_its_own_and_the_current_one_comes_last(ring: KeyRing) -> None:
    first = ring.derived("links")
    assert len(first) == 1
    assert ring.derived("other") != first
    ring.add_key()
    assert ring.derived("links")[0] == first[0]
    assert len(ring.derived("links")) == 2


def test_the_file_is_its_owners_alone(ring: KeyRing, tmp_path: Path) -> None:
    assert (tmp_path / "keyring.json").stat().st_mode & 0o077 == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.integers(0, 200))
def test_anything_changed_is_refused(ring: KeyRing, text: str, at: int) -> None:
    with pytest.raises(SealError):
        ring.open(text, "x")
    sealed = ring.seal(SECRET, "x")
    at %= len(sealed)
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    with contextlib.suppress(SealError):
        # Only the last bits of base64 may differ without a meaning.
        assert ring.open(changed, "x") == SECRET


def test_a_ring_given_from_outside_is_used_and_not_rotated_here(ring: KeyRing, tmp_path: Path) -> None:
    sealed = ring.seal(SECRET, "x")
    document = (tmp_path / "keyring.json").read_text()
    other = tmp_path / "other"
    credentials = tmp_path / "credentials"
    for folder in (other, credentials):
        folder.mkdir()
    (credentials / "keyring.json").write_text(document)
    for environment in ({"THONGSUOT_SECRET_KEYRING_JSON": document}, {CREDENTIALS: str(credentials)}):
        given_ring = KeyRing(secret_sources(other, environment))
        assert given_ring.open(sealed, "x") == SECRET
        with pytest.raises(UserError, match="given from outside"):
            given_ring.add_key()
    assert list(other.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"current": "a", "keys": {}}', '{"current": "a", "keys": {"a": "c2hvcnQ="}}']
)
def test_a_ring_that_is_none_is_said_without_its_content(tmp_path: Path, text: str) -> None:
    (tmp_path / "keyring.json").write_text(text)
    with pytest.raises(UserError, match="not a key ring") as error:
        KeyRing(secret_sources(tmp_path, {}))
    assert "c2hvcnQ" not in str(error.value)


def test_the_environment_wins_over_a_credential_and_that_over_a_file(tmp_path: Path) -> None:
    folder, credentials = tmp_path / "secrets", tmp_path / "credentials"
    folder.mkdir()
    credentials.mkdir()
    (credentials / "session.key").write_text("from-the-credential\n")
    environment = {CREDENTIALS: str(credentials), "THONGSUOT_SECRET_SESSION_KEY": "from-the-environment"}
    assert secret_sources(folder, environment).ensure("session.key") == "from-the-environment"
    assert secret_sources(folder, {CREDENTIALS: str(credentials)}).ensure("session.key") == "from-the-credential"
    made = secret_sources(folder, {}).ensure("session.key")
    assert len(made) > 40
    assert secret_sources(folder, {}).ensure("session.key") == made
    with pytest.raises(UserError, match="at least 16 characters") as error:
        secret_sources(folder, {"THONGSUOT_SECRET_SESSION_KEY": "hunter2"}).ensure("session.key")
    assert "hunter2" not in str(error.value)


def test_keys_are_not_in_what_is_printed(ring: KeyRing, tmp_path: Path) -> None:
    keys = json.loads((tmp_path / "keyring.json").read_text())["keys"].values()
    assert not any(key in repr(ring._keys) or key in repr(ring) for key in keys)
