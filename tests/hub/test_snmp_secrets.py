"""How gear is asked comes from a file of secrets or from outside; a bad one stops the start without being told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import snmp_secrets
from hub.failure import UserError
from hub.secret_sources import secret_sources

TEXT = '[default]\nkinds = ["router"]\ncommunity = "bi-mat-cua-xa"\n'


def test_without_a_file_nothing_is_asked(tmp_path: Path) -> None:
    assert snmp_secrets.load(secret_sources(tmp_path, {})).default is None


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "snmp.toml").write_text(TEXT)
    sources = secret_sources(tmp_path, {"THONGSUOT_SECRET_SNMP_TOML": TEXT.replace("router", "switch")})
    assert snmp_secrets.load(secret_sources(tmp_path, {})).kinds == {"router"}
    assert snmp_secrets.load(sources).kinds == {"switch"}


def test_a_bad_file_is_named_and_not_told(tmp_path: Path) -> None:
    (tmp_path / "snmp.toml").write_text(TEXT + 'version = "9"\n')
    with pytest.raises(UserError, match=r"snmp\.toml: .*default\.version") as found:
        snmp_secrets.load(secret_sources(tmp_path, {}))
    assert "bi-mat" not in str(found.value)
