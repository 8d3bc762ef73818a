"""The state folder of a node: where its identity, key, authority, configuration and queue lie.

The key is readable by its owner alone; every file is replaced as a whole.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent.failure import UserError

DEFAULT_STATE = Path("/var/lib/thongsuot-agent")
STATE_VARIABLE = "THONGSUOT_AGENT_STATE"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this node is to its hub. `hub` is the address it was enrolled at."""

    node: str
    site: str
    hub: str
    key: str


@dataclass(frozen=True, slots=True)
class StateFolder:
    root: Path

    @property
    def identity(self) -> Path:
        return self.root / "node.json"

    @property
    def key(self) -> Path:
        return self.root / "node.key"

    @property
    def ca(self) -> Path:
        return self.root / "ca.pem"

    @property
    def hubs(self) -> Path:
        """More addresses of the hub, one a line, tried in order; may be absent."""
        return self.root / "hubs"

    @property
    def proxy(self) -> Path:
        """The HTTP proxy to the hub, or `none`; absent: what the environment says."""
        return self.root / "proxy"

    @property
    def alarm(self) -> Path:
        """What this node does itself when its hub is silent; may be absent."""
        return self.root / "alarm.toml"

    @property
    def hub_silence(self) -> Path:
        """There while the alarm of a silent hub stands."""
        return self.root / "hub-silent.json"

    @property
    def configuration(self) -> Path:
        return self.root / "configuration.json"

    @property
    def queue(self) -> Path:
        return self.root / "queue.db"

    @property
    def lock(self) -> Path:
        return self.root / "agent.lock"

    def prepare(self) -> None:
        """Make the folder and try to write to it. Raises UserError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = self.root / f".writable.{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise UserError(
                f"state folder {self.root}: not writable ({error.strerror}); make it writable for this user, "
                f"or name another one with --state"
            ) from None

    def load(self) -> Identity | None:
        """The stored identity; None before enrolment. Raises UserError."""
        try:
            document = json.loads(self.identity.read_text(encoding="utf-8"))
            key = self.key.read_text(encoding="ascii").strip()
            return Identity(str(document["node"]), str(document["site"]), str(document["hub"]), key)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UserError(f"{error.filename}: cannot be read ({error.strerror}); mend its permissions") from None
        except (ValueError, KeyError, TypeError):
            raise UserError(
                f"{self.identity} or {self.key.name} is damaged; enrol again with: thongsuot-agent enrol"
            ) from None

    def store(self, identity: Identity, ca_pem: bytes | None) -> None:
        """The key last: with it the node counts as enrolled. Raises OSError."""
        if ca_pem is not None:
            replace_file(self.ca, ca_pem, 0o644)
        document = {"node": identity.node, "site": identity.site, "hub": identity.hub}
        replace_file(self.identity, json.dumps(document, ensure_ascii=False).encode() + b"\n", 0o644)
        replace_file(self.key, identity.key.encode() + b"\n")

    def in_use(self) -> bool:
        """Whether an agent runs on this folder."""
        try:
            with self.lock.open("rb+") as file:
                lock_file(file)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def take_lock(self) -> IO[bytes]:
        """Keep the returned file open while running. Raises UserError when another agent runs on this folder."""
        file = self.lock.open("ab")
        try:
            lock_file(file)
        except OSError:
            file.close()
            raise UserError(
                f"state folder {self.root}: another thongsuot-agent is running on it; "
                f"stop that one, or name another folder with --state"
            ) from None
        return file


def lock_file(file: IO[bytes]) -> None:
    """Until the file is closed or the process ends. Raises OSError when another process has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write beside, fsync, rename: a reader sees the old file or the new one, never a part. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    # Only with the folder on disk is the new name durable; Windows cannot open folders and need not.
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
