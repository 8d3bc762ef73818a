"""Where the database is: which source wins, and that no message, no text and no log holds the password."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import configuration, database_location
from hub.configuration import Configuration, DatabaseSection
from hub.failure import UserError
from hub.paths import Paths, paths

PASSWORD = "rất-kín-123"
URL = f"postgresql://hub:{PASSWORD}@db.lan:5433"


def written(name: str) -> Configuration:
    return Configuration(database=DatabaseSection(f"{URL}/{name}"))


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    found = paths(tmp_path)
    found.create()
    return found


def database_of(where: Paths) -> str | None:
    return where.database_url.database if where.database_url is not None else None


def test_the_environment_wins_over_a_credential_that_over_a_file_that_over_the_configuration(
    where: Paths, tmp_path: Path
) -> None:
    located = database_location.located
    assert database_of(located(where, Configuration(), {})) is None
    assert database_of(located(where, written("configured"), {})) == "configured"
    (where.secrets / "database.url").write_text(f"{URL}/filed\n")
    assert database_of(located(where, written("configured"), {})) == "filed"
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    (tmp_path / "database.url").write_text(f"{URL}/credited")
    assert database_of(located(where, written("configured"), credentials)) == "credited"
    environment = {**credentials, "THONGSUOT_SECRET_DATABASE_URL": f"{URL}/environment"}
    assert database_of(located(where, written("configured"), environment)) == "environment"


def test_no_text_of_it_holds_the_password(where: Paths) -> None:
    settings = written("thongsuot")
    found = database_location.located(where, settings, {})
    assert database_location.name_of(found) == "postgresql://hub@db.lan:5433/thongsuot"
    for text in (repr(found), str(found.database_url), repr(settings), str(settings)):
        assert PASSWORD not in text


@pytest.mark.parametrize(
    "text",
    [
        f"mysql://hub:{PASSWORD}@db.lan/thongsuot",
        f"postgresql://hub:{PASSWORD}@db.lan",
        f"postgresql://hub:{PASSWORD}@db.lan:port/thongsuot",
        f"sqlite:///{PASSWORD}",
        PASSWORD * 3,
    ],
)
def test_a_wrong_address_is_refused_without_being_said(where: Paths, text: str) -> None:
    for settings, environment in (
        (Configuration(database=DatabaseSection(text)), {}),
        (Configuration(), {"THONGSUOT_SECRET_DATABASE_URL": text}),
    ):
        with pytest.raises(UserError, match=r"postgresql://USER:PASSWORD@HOST:5432/DATABASE") as caught:
            database_location.located(where, settings, environment)
        assert PASSWORD not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_value_of_the_wrong_type_is_not_said_either() -> None:
    with pytest.raises(UserError) as caught:
        configuration.parse({"database": {"url": [URL]}}, "hub.toml")
    assert PASSWORD not in str(caught.value)


@given(st.text())
def test_whatever_stands_there_is_an_address_or_the_users_error(text: str) -> None:
    try:
        assert database_location.parse(text, "here").database
    except UserError as error:
        assert str(error).startswith("here: ")
