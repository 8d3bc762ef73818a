"""The head of the audit log beside the database: number and hash of its last entry, signed.

Somebody who can write to the database can cut the log's end off or make a new chain; without the key of this file
they cannot make the file agree.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from collector.audit.log import WRITTEN
from collector.files import replace_file


class HeadError(Exception):
    """The head file cannot be read, or its signature is not of this key."""


@dataclass(frozen=True, slots=True)
class Head:
    seq: int
    hash: str


class HeadFile:
    """`key`: the secret it is signed with."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key.encode()

    def read(self) -> Head | None:
        """None while there is no file. Raises HeadError."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            head = Head(int(document["seq"]), str(document["hash"]))
            signature = str(document["signature"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise HeadError(f"{self._path}: cannot be read: {error}") from None
        if not hmac.compare_digest(signature, self._sign(head)):
            raise HeadError(f"{self._path}: is not signed with this hub's key")
        return head

    def advance(self, head: Head) -> None:
        """Replace it by a later head; an earlier one, from a process that was slower, changes nothing."""
        with (self._path.parent / f".{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                known = self.read()
            except HeadError:
                # Left as evidence: `verify` has to tell of it.
                return
            if known is None or known.seq < head.seq:
                document = {"seq": head.seq, "hash": head.hash, "signature": self._sign(head)}
                replace_file(self._path, json.dumps(document))

    def _sign(self, head: Head) -> str:
        return hmac.new(self._key, f"audit head {head.seq} {head.hash}".encode(), hashlib.sha256).hexdigest()


def keep_head(sessions: sessionmaker[Session], file: HeadFile) -> None:
    """After each commit of these sessions that wrote to the log, `file` says so."""

    @event.listens_for(sessions, "after_commit")
    def _(session: Session) -> None:
        written = session.info.pop(WRITTEN, None)
        if written is not None:
            file.advance(Head(*written))

    @event.listens_for(sessions, "after_rollback")
    def _forget(session: Session) -> None:
        session.info.pop(WRITTEN, None)
