"""docs/runbooks holds what the catalogue says, one page for each alert."""

from __future__ import annotations

from pathlib import Path

from exporters.rules.runbooks import files

FOLDER = Path(__file__).parents[2] / "docs" / "runbooks"


def test_the_pages_are_those_of_the_catalogue() -> None:
    """When this fails: python -m exporters.rules.runbooks docs/runbooks"""
    wanted = dict(files())
    assert {file.name for file in FOLDER.iterdir()} == set(wanted)
    for name, text in wanted.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, name
