"""The reflector's status file: read when it is one, nothing when it is not."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collector import reflector_status

DOCUMENT = {"at": 100.0, "started_at": 1.0, "keys": 3, "sessions": 2, "packets": {"received": 9, "dropped_hmac": 1}}


def test_a_status_is_read_and_grows_stale(tmp_path: Path) -> None:
    file = tmp_path / "reflector.json"
    file.write_text(json.dumps(DOCUMENT | {"something new": 1}))
    status = reflector_status.read(file)
    assert status is not None
    assert (status.sessions, status.packets["dropped_hmac"]) == (2, 1)
    assert (status.is_fresh(105.0), status.is_fresh(121.0)) == (True, False)


def test_a_missing_file_is_no_status(tmp_path: Path) -> None:
    assert reflector_status.read(tmp_path / "none.json") is None


@given(st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_rubbish_is_no_status(text: str) -> None:
    assert reflector_status.parse(text) is None
