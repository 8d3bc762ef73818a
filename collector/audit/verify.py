"""Proving the audit log: every link, no gap, and the end where the signed head says it is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from collector.audit.chain import GENESIS
from collector.audit.head import HeadError, HeadFile
from collector.audit.log import entries, head_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` is empty when the log is whole. `at`: the first entry that is wrong, None when it is the end."""

    entries: int
    problem: str = ""
    at: int | None = None

    @property
    def is_whole(self) -> bool:
        return not self.problem


def verify(session: Session, head_file: HeadFile | None) -> Verdict:
    """Reads the whole log, page by page."""
    try:
        signed = head_file.read() if head_file is not None else None
    except HeadError as error:
        return Verdict(0, str(error))
    seq, last_hash = 0, GENESIS
    for entry in entries(session):
        if entry.seq != seq + 1:
            return Verdict(seq, f"entries {seq + 1} to {entry.seq - 1} are missing", seq + 1)
        if entry.prev_hash != last_hash:
            return Verdict(seq, f"entry {entry.seq} does not continue entry {seq}", entry.seq)
        if not entry.is_whole():
            return Verdict(seq, f"entry {entry.seq} was changed after it was written", entry.seq)
        if signed is not None and entry.seq == signed.seq and entry.hash != signed.hash:
            return Verdict(seq, f"entry {entry.seq} is not the one that the signed head names", entry.seq)
        seq, last_hash = entry.seq, entry.hash
    if signed is not None and seq < signed.seq:
        return Verdict(seq, f"the log ends at entry {seq}; the signed head names entry {signed.seq}: its end was cut")
    if signed is None and head_file is not None and seq > 0:
        return Verdict(seq, "the signed head file is missing: whether the log's end was cut cannot be said")
    if head_of(session) != (seq, last_hash):
        return Verdict(seq, f"the database's own head names entry {head_of(session)[0]}, the log ends at {seq}")
    return Verdict(seq)
