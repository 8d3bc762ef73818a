"""Writing to the audit log, in the same transaction as the change it tells of; reading it in pages.

`record` comes last in a transaction: from then on until the commit every other writer of the log waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from collector.audit.chain import GENESIS, Entry, entry_hash
from collector.tables.accounts import AuditEntryRow, AuditHeadRow

PAGE_ENTRIES = 1000
MAX_TEXT = 200
WRITTEN = "audit.written"
"""Key of Session.info: (seq, hash) of the last entry of the transaction, for the head file."""


class AuditLogError(Exception):
    """The log cannot be continued: somebody has been at the database."""


def record(
    session: Session,
    actor: str,
    action: str,
    object: str,  # noqa: A002 - the word of the table and of the export
    detail: Mapping[str, Any] | None = None,
    *,
    now: float,
    address: str = "",
) -> Entry:
    """Append one entry. `actor`: a user's name, or what acted. `detail`: JSON, never a secret.

    Raises AuditLogError.
    """
    session.flush()
    # The write comes before the read: it takes the lock (SQLite's, or the row's), so no two entries share a link.
    moved = session.execute(update(AuditHeadRow).where(AuditHeadRow.id == 1).values(seq=AuditHeadRow.seq + 1))
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        # A change that cannot be written down is not made.
        raise AuditLogError("audit_head has lost its row: see `thongsuot audit verify`; restore a backup")
    head = session.execute(select(AuditHeadRow.seq, AuditHeadRow.hash).where(AuditHeadRow.id == 1)).one()
    # As it will be read back, so that the hash is of what is stored.
    stored: dict[str, Any] = json.loads(json.dumps(dict(detail or {}), allow_nan=False))
    actor, address, action, thing = actor[:100], address[:64], action[:64], object[:MAX_TEXT]
    digest = entry_hash(head.seq, now, actor, address, action, thing, stored, head.hash)
    row = AuditEntryRow(
        seq=head.seq,
        at=now,
        actor=actor,
        address=address,
        action=action,
        object=thing,
        detail=stored,
        prev_hash=head.hash,
        hash=digest,
    )
    session.add(row)
    session.execute(update(AuditHeadRow).where(AuditHeadRow.id == 1).values(hash=digest))
    session.flush()
    session.info[WRITTEN] = (head.seq, digest)
    return entry_of(row)


def entries(session: Session, *, after: int = 0) -> Iterator[Entry]:
    """All entries with a higher number, in order, read page by page."""
    while True:
        page = session.scalars(
            select(AuditEntryRow).where(AuditEntryRow.seq > after).order_by(AuditEntryRow.seq).limit(PAGE_ENTRIES)
        ).all()
        for row in page:
            yield entry_of(row)
        if len(page) < PAGE_ENTRIES:
            return
        after = page[-1].seq
        session.expunge_all()


def latest(
    session: Session, count: int, *, before: int | None = None, actor: str = "", action: str = ""
) -> list[Entry]:
    """The newest first; `action` may be the beginning of one ("sign_in")."""
    query = select(AuditEntryRow).order_by(AuditEntryRow.seq.desc()).limit(count)
    if before is not None:
        query = query.where(AuditEntryRow.seq < before)
    if actor:
        query = query.where(AuditEntryRow.actor == actor)
    if action:
        query = query.where(AuditEntryRow.action.startswith(action, autoescape=True))
    return [entry_of(row) for row in session.scalars(query)]


def head_of(session: Session) -> tuple[int, str]:
    """(seq, hash) of the head row; (0, GENESIS) while there is none."""
    row = session.execute(select(AuditHeadRow.seq, AuditHeadRow.hash).where(AuditHeadRow.id == 1)).first()
    return (row.seq, row.hash) if row is not None else (0, GENESIS)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntryRow)) or 0


def entry_of(row: AuditEntryRow) -> Entry:
    return Entry(row.seq, row.at, row.actor, row.address, row.action, row.object, row.detail, row.prev_hash, row.hash)
