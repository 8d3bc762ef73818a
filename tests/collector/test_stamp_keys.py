"""A copy of the database alone tells no line's STAMP key."""

from __future__ import annotations

from sqlalchemy.orm import Session

from collector.directory import load_view
from collector.directory.places import ensure_site
from collector.stamp_keys import stamp_key

SECRET = "of this hub"


def test_the_key_is_of_hub_and_line_together(session: Session) -> None:
    for site in ("a", "b"):
        ensure_site(session, site, site.upper())
    a, b = load_view(session).lines
    keys = {stamp_key(SECRET, a), stamp_key(SECRET, b), stamp_key("another hub", a), a.stamp_key, b.stamp_key}
    assert len(keys) == 5
    assert {len(bytes.fromhex(key)) for key in keys} == {32}
    assert stamp_key(SECRET, a) == stamp_key(SECRET, load_view(session).lines[0])
