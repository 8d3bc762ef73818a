"""The data folder: what lies where. Creates folders, refuses what it cannot write."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hub.failure import UserError

if TYPE_CHECKING:
    # Not at run time: `thongsuot status` needs no SQLAlchemy.
    from sqlalchemy import URL

# sockaddr_un.sun_path holds 108 bytes; the longest name below `run` takes 20.
MAX_RUN_PATH_BYTES = 85


@dataclass(frozen=True, slots=True)
class Paths:
    """All paths of one hub; `run` holds sockets and goes when the machine does.

    `database_url`: of the PostgreSQL in place of `database`; its text hides the password.
    """

    root: Path
    database_url: URL | None = None

    @property
    def database(self) -> Path:
        return self.root / "hub.db"

    @property
    def database_mark(self) -> Path:
        """Says which PostgreSQL this folder belongs to, so that no other database is taken for it."""
        return self.root / "database.txt"

    @property
    def outbound_queue(self) -> Path:
        return self.root / "outbound.db"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def agent(self) -> Path:
        return self.root / "agent"

    @property
    def backup(self) -> Path:
        return self.root / "backup"

    @property
    def prometheus(self) -> Path:
        return self.root / "prometheus"

    @property
    def alertmanager(self) -> Path:
        return self.root / "alertmanager"

    @property
    def grafana(self) -> Path:
        return self.root / "grafana"

    @property
    def run(self) -> Path:
        inside = self.root / "run"
        if len(os.fsencode(inside)) <= MAX_RUN_PATH_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"thongsuot-{os.getuid()}-{digest}"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def stamp_sessions(self) -> Path:
        return self.run / "stamp-sessions.json"

    @property
    def reflector_status(self) -> Path:
        return self.run / "reflector.json"

    @property
    def recorder_socket(self) -> Path:
        return self.run / "recorder.sock"

    @property
    def recordings(self) -> Path:
        return self.root / "recordings"

    def worker_socket(self, name: str) -> Path:
        return self.run / f"{name}.sock"

    def create(self) -> None:
        """Raises UserError when the data folder cannot be written."""
        private = (self.root, self.secrets, self.tls, self.run, self.logs, self.agent)
        try:
            for folder in (*private, self.prometheus, self.alertmanager, self.grafana):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UserError(
                f"{self.root}: không ghi được thư mục dữ liệu; chọn thư mục khác bằng --data, hoặc cho phép ghi. / "
                f"the data folder cannot be written ({error.strerror}); "
                f"give another one with --data FOLDER, or make it writable for this user"
            ) from None
        if self.run.stat().st_uid != os.getuid():
            raise UserError(f"{self.run}: thuộc người dùng khác, hãy xóa. / belongs to another user; remove it")


def paths(root: Path) -> Paths:
    return Paths(root.resolve())
