"""The audit log: chained, proved, and every way of tampering found."""

from __future__ import annotations

import csv
import io
import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from collector import audit
from collector.audit import export
from collector.audit.chain import entry_hash
from collector.tables import AuditEntryRow, AuditHeadRow, metadata
from tests.collector.conftest import open_engine
from tests.collector.support import NOW
from tests.postgres import PostgresServer, postgres  # noqa: F401 - a fixture


@pytest.fixture(params=["sqlite", "postgresql"])
def log_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = open_engine(tmp_path / "log.db")
        metadata.create_all(engine)
        yield engine
        engine.dispose()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.engine() as engine:
            metadata.create_all(engine)
            yield engine


@pytest.fixture
def head(tmp_path: Path) -> audit.HeadFile:
    return audit.HeadFile(tmp_path / "audit-head.json", "the key of the head")


@pytest.fixture
def sessions(log_engine: Engine, head: audit.HeadFile) -> sessionmaker[Session]:
    made = sessionmaker(log_engine, expire_on_commit=False)
    audit.keep_head(made, head)
    return made


@pytest.fixture
def written(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    for number in range(1, 6):
        with sessions.begin() as session:
            audit.record(
                session, "lan", "directory.changed", f"xã {number}", {"tên": "Đại Đồng"}, now=NOW + number / 3
            )
    return sessions


def proved(sessions: sessionmaker[Session], head: audit.HeadFile | None) -> audit.Verdict:
    with sessions() as session:
        return audit.verify(session, head)


def test_what_was_written_is_proved(written: sessionmaker[Session], head: audit.HeadFile) -> None:
    assert proved(written, head) == audit.Verdict(5)
    with written() as session:
        found = list(audit.entries(session))
    assert [entry.seq for entry in found] == [1, 2, 3, 4, 5]
    assert found[0].prev_hash == audit.GENESIS
    assert all(later.prev_hash == earlier.hash for earlier, later in itertools.pairwise(found))


def test_the_hash_is_of_canonical_json() -> None:
    # Worked out apart from the code: sha256 of [1,"2.5","a","","b","c",{"k":"đ"},"00…"].
    assert entry_hash(1, 2.5, "a", "", "b", "c", {"k": "đ"}, audit.GENESIS) == (
        __import__("hashlib").sha256(f'[1,"2.5","a","","b","c",{{"k":"đ"}},"{audit.GENESIS}"]'.encode()).hexdigest()
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "nam"), ("at", 1.0), ("action", "x"), ("object", ""), ("address", "1.2.3.4"), ("detail", {})],
)
def test_a_changed_entry_is_found(
    written: sessionmaker[Session], head: audit.HeadFile, column: str, value: object
) -> None:
    with written.begin() as session:
        session.execute(update(AuditEntryRow).where(AuditEntryRow.seq == 3).values({column: value}))
    verdict = proved(written, head)
    assert (verdict.at, verdict.problem) == (3, "entry 3 was changed after it was written")


def test_a_missing_entry_is_found(written: sessionmaker[Session], head: audit.HeadFile) -> None:
    with written.begin() as session:
        session.execute(delete(AuditEntryRow).where(AuditEntryRow.seq == 3))
    assert proved(written, head).problem == "entries 3 to 3 are missing"


def test_an_end_that_was_cut_off_is_found(written: sessionmaker[Session], head: audit.HeadFile) -> None:
    with written.begin() as session:
        session.execute(delete(AuditEntryRow).where(AuditEntryRow.seq > 3))
        last = session.scalars(select(AuditEntryRow.hash).where(AuditEntryRow.seq == 3)).one()
        session.execute(update(AuditHeadRow).values(seq=3, hash=last))
    assert "its end was cut" in proved(written, head).problem
    # The database alone cannot tell: that is what the signed head is for.
    assert proved(written, None).is_whole


def test_a_chain_made_anew_by_somebody_without_the_key_is_found(
    written: sessionmaker[Session], head: audit.HeadFile, tmp_path: Path
) -> None:
    with written.begin() as session:
        session.execute(delete(AuditEntryRow))
        session.execute(update(AuditHeadRow).values(seq=0, hash=audit.GENESIS))
    forger = sessionmaker(written.kw["bind"])
    for number in range(6):
        with forger.begin() as session:
            audit.record(session, "nobody", "nothing", str(number), now=NOW)
    assert "not the one that the signed head names" in proved(written, head).problem
    file = tmp_path / "audit-head.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "seq": 6}))
    assert "not signed with this hub's key" in proved(written, head).problem
    file.write_text("{")
    assert "cannot be read" in proved(written, head).problem
    file.unlink()
    assert "head file is missing" in proved(written, head).problem


def test_without_its_head_the_log_takes_no_change(written: sessionmaker[Session], head: audit.HeadFile) -> None:
    with written.begin() as session:
        session.execute(delete(AuditHeadRow))
    with pytest.raises(audit.AuditLogError), written.begin() as session:
        audit.record(session, "lan", "x", "y", now=NOW)
    assert "database's own head" in proved(written, head).problem


def test_the_log_may_be_ahead_of_the_head_after_a_crash(written: sessionmaker[Session], head: audit.HeadFile) -> None:
    crashing = sessionmaker(written.kw["bind"])
    with crashing.begin() as session:
        audit.record(session, "lan", "x", "y", now=NOW)
    assert proved(written, head) == audit.Verdict(6)


def test_what_is_rolled_back_leaves_no_trace(written: sessionmaker[Session], head: audit.HeadFile) -> None:
    with pytest.raises(RuntimeError), written.begin() as session:
        audit.record(session, "lan", "x", "y", now=NOW)
        raise RuntimeError
    assert proved(written, head) == audit.Verdict(5)


def test_many_writers_make_one_chain(sessions: sessionmaker[Session], head: audit.HeadFile) -> None:
    def write(name: str) -> None:
        for number in range(10):
            with sessions.begin() as session:
                audit.record(session, name, "x", str(number), now=NOW)

    threads = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert proved(sessions, head) == audit.Verdict(40)


def test_entries_are_found_by_person_and_kind_newest_first(written: sessionmaker[Session]) -> None:
    with written.begin() as session:
        audit.record(session, "nam", "sign_in.failed", "nam", now=NOW)
        assert [entry.seq for entry in audit.latest(session, 2)] == [6, 5]
        assert [entry.seq for entry in audit.latest(session, 9, before=3)] == [2, 1]
        assert [entry.seq for entry in audit.latest(session, 9, actor="nam")] == [6]
        assert [entry.seq for entry in audit.latest(session, 9, action="sign_in")] == [6]
        assert audit.latest(session, 9, action="%") == []


def test_the_json_export_can_be_proved_by_others(written: sessionmaker[Session]) -> None:
    with written() as session:
        document = json.loads("".join(export.as_json(audit.entries(session))))
    last = audit.GENESIS
    for entry in document:
        digest = entry.pop("hash")
        assert entry["prev_hash"] == last
        assert entry_hash(**entry) == digest
        last = digest


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =cmd|' /C calc'!A0"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_spreadsheet_runs_nothing_of_the_csv_export(sessions: sessionmaker[Session], formula: str) -> None:
    with sessions.begin() as session:
        audit.record(session, formula, "x", formula, {"name": formula}, now=NOW)
        exported = "".join(export.as_csv(audit.entries(session)))
    assert exported.startswith("\ufeffseq,")
    rows = list(csv.DictReader(io.StringIO(exported.removeprefix("\ufeff"), newline="")))
    assert rows[0]["actor"] == rows[0]["object"] == f"'{formula}"


@given(st.text())
def test_no_text_stays_a_formula(content: str) -> None:
    assert export.harmless(content).lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")


def test_the_log_has_no_way_to_change_it(log_engine: Engine) -> None:
    """What can be called appends or reads."""
    public = {name for name in audit.__all__ if name[0].islower()}
    assert public == {"entries", "keep_head", "latest", "record", "verify"}
    with log_engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit_log")) == 0
