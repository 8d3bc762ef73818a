from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from agent.wire.enrolment import parse_token
from collector import directory
from collector.directory import DirectoryError, Enrolled, TokenRefusedError
from collector.directory.nodes import key_hash
from collector.tables import EnrolmentTokenRow, Line, Node
from tests.collector.support import NOW


def enrol(session: Session, token: object, hostname: str = "pc", now: float = NOW) -> Enrolled:
    return directory.enrol(session, str(token), hostname, "Linux", "0.1.0", now)


def test_ensuring_a_site_twice_makes_it_once_with_one_line(session: Session) -> None:
    unit = directory.add_unit(session, "09076", "Vĩnh Tường", "xa")
    first = directory.ensure_site(session, "vt", "UBND Vĩnh Tường", unit=unit, provider="VNPT")
    second = directory.ensure_site(session, "vt", "Another name")
    assert first is second
    assert (second.name, second.unit_id) == ("UBND Vĩnh Tường", unit.id)
    (line,) = session.scalars(select(Line))
    assert (line.code, line.provider, line.stamp_ssid) == ("vt-1", "VNPT", 1)
    assert len(bytes.fromhex(line.stamp_key)) == 32


def test_lines_get_session_ids_and_keys_of_their_own(session: Session) -> None:
    site = directory.add_site(session, "vt", "Vĩnh Tường")
    lines = [directory.add_line(session, site, f"vt-{n}", "FTTH") for n in range(20)]
    assert sorted(line.stamp_ssid for line in lines) == list(range(1, 21))
    assert len({line.stamp_key for line in lines}) == 20


def test_a_code_means_another_unit_after_its_valid_to(session: Session) -> None:
    old = directory.add_unit(session, "09079", "Kim Xá", "xa", valid_from=date(2004, 1, 1), valid_to=date(2025, 7, 1))
    new = directory.add_unit(session, "09079", "Vĩnh An", "xa", valid_from=date(2025, 7, 1))
    assert directory.find_unit(session, "09079", date(2025, 6, 30)) is old
    assert directory.find_unit(session, "09079", date(2025, 7, 1)) is new
    assert directory.find_unit(session, "09079") is new
    assert directory.find_unit(session, "09079", date(1999, 1, 1)) is None
    with pytest.raises(DirectoryError, match="exists since 01/07/2025"):
        directory.add_unit(session, "09079", "Vĩnh An", "xa", valid_from=date(2025, 7, 1))


@pytest.mark.parametrize("code", ["", "a b", "đ", 'x"}', "-x", "x" * 65, "a\n"])
def test_codes_that_would_break_labels_are_refused(session: Session, code: str) -> None:
    with pytest.raises(DirectoryError):
        directory.add_site(session, code, "name")


def test_a_token_carries_the_fingerprint_and_is_kept_as_a_hash(session: Session) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    token = directory.issue_token(session, "vt", NOW, "ab" * 32)
    assert parse_token(str(token)) == token
    assert token.ca_sha256 == "ab" * 32
    (row,) = session.scalars(select(EnrolmentTokenRow))
    assert token.secret not in row.secret_sha256


def test_a_token_for_no_site_is_refused(session: Session) -> None:
    with pytest.raises(DirectoryError, match="no site 'nowhere'"):
        directory.issue_token(session, "nowhere", NOW)


def test_enrolling_makes_a_node_that_measures_the_sites_free_lines(session: Session) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    directory.ensure_site(session, "tt", "Thổ Tang")
    enrolled = enrol(session, directory.issue_token(session, "vt", NOW))
    assert enrolled.site == "vt"
    assert len(enrolled.node) == 12
    view = directory.load_view(session)
    assert [(line.line, line.measured_by) for line in view.lines] == [("tt-1", None), ("vt-1", enrolled.node)]
    identity = view.by_key[key_hash(enrolled.key)]
    assert (identity.site, list(identity.lines), list(identity.measures)) == ("vt", ["vt-1"], ["vt-1"])
    assert enrolled.key not in repr(view)


def test_a_second_machine_of_the_site_leaves_the_line_to_the_first(session: Session) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    first = enrol(session, directory.issue_token(session, "vt", NOW), "pc-1")
    enrol(session, directory.issue_token(session, "vt", NOW), "pc-2")
    assert directory.load_view(session).lines[0].measured_by == first.node


@pytest.mark.parametrize("revoked", [True, False])
def test_a_reinstalled_or_replaced_machine_takes_the_line_over_with_a_new_key(
    session: Session, revoked: bool
) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    first = enrol(session, directory.issue_token(session, "vt", NOW), "pc-1")
    key = directory.load_view(session).lines[0].stamp_key
    if revoked:
        assert directory.revoke_node(session, first.node, NOW)
        assert directory.load_view(session).lines[0].measured_by is None
    second = enrol(session, directory.issue_token(session, "vt", NOW), "pc-2" if revoked else "pc-1")
    line = directory.load_view(session).lines[0]
    assert line.measured_by == second.node
    assert line.stamp_key != key


@pytest.mark.parametrize(
    ("age", "uses", "reason"), [(86_399, 0, None), (86_400, 0, "expired"), (0, 1, "used"), (90_000, 1, "used")]
)
def test_a_token_works_once_and_for_a_day(session: Session, age: float, uses: int, reason: str | None) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    token = directory.issue_token(session, "vt", NOW)
    for _ in range(uses):
        enrol(session, token)
    if reason is None:
        enrol(session, token, now=NOW + age)
    else:
        with pytest.raises(TokenRefusedError) as error:
            enrol(session, token, now=NOW + age)
        assert error.value.reason == reason


def test_a_token_that_nobody_issued_is_unknown(session: Session) -> None:
    with pytest.raises(TokenRefusedError) as error:
        enrol(session, "ts-" + "a" * 32)
    assert error.value.reason == "unknown"


@given(text=st.text(max_size=60))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    with pytest.raises(TokenRefusedError) as error:
        directory.enrol(_no_session(), text, "pc", "Linux", "0", NOW)
    assert error.value.reason == "malformed"


def _no_session() -> Session:
    return Session()


def test_of_two_who_use_one_token_at_once_exactly_one_wins(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        directory.ensure_site(session, "vt", "Vĩnh Tường")
        tokens = [str(directory.issue_token(session, "vt", NOW)) for _ in range(10)]
    for token in tokens:
        together = threading.Barrier(4)

        def use(number: int, token: str = token, together: threading.Barrier = together) -> str:
            together.wait()
            try:
                with sessions.begin() as session:
                    return enrol(session, token, f"pc-{number}").node
            except TokenRefusedError as error:
                return error.reason

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(use, range(4)))
        assert sorted(results)[1:] == ["used"] * 3
    with sessions() as session:
        assert len(session.scalars(select(Node)).all()) == 10


def test_revoking_is_done_once(session: Session) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    node = enrol(session, directory.issue_token(session, "vt", NOW)).node
    assert directory.revoke_node(session, node, NOW)
    assert not directory.revoke_node(session, node, NOW)
    assert directory.load_view(session).by_key == {}
