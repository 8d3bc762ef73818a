"""What `thongsuot check` looks at, one function a part: what is so in a line, or CheckError with what to do."""

from __future__ import annotations

import datetime
import shutil
import tempfile
import time
from pathlib import Path

from cryptography import x509
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from collector.tables import Node
from hub import database
from hub.backup import BackupStatus
from hub.database_location import name_of
from hub.failure import UserError
from hub.paths import Paths

DISK_FREE_BYTES = 1024**3
DISK_FREE_RATIO = 0.05
BACKUP_AGE_SECONDS = 2 * 86400.0
CERTIFICATE_DAYS = 14
CLOCK_SECONDS = 5.0
AHEAD_SECONDS = 60.0


class NotYet(Exception):  # noqa: N818 - nothing is wrong
    """There is nothing to look at yet, or on purpose; the words say which."""


def disk(paths: Paths) -> str:
    paths.create()
    usage = shutil.disk_usage(paths.root)
    said = f"{usage.free / 1024**3:.1f} GiB trống trong / free of {usage.total / 1024**3:.1f} GiB"
    if usage.free < max(DISK_FREE_BYTES, usage.total * DISK_FREE_RATIO):
        raise UserError(f"{said}: sắp đầy, khi đầy máy chủ ngừng nhận / nearly full; make room in {paths.root}")
    return said


def schema(paths: Paths) -> str:
    """Reads; migrates nothing."""
    if paths.database_url is None and not paths.database.exists():
        raise NotYet("chưa có, sẽ được tạo khi chạy / made at the first start: thongsuot up")
    if paths.database_url is None:
        engine = database.open_engine(paths.database)
    else:
        engine = database.open_postgresql(paths.database_url)
    try:
        with engine.connect() as connection:
            at, newest = database.revisions_behind(connection)
    except DatabaseError as error:
        if paths.database_url is not None:
            raise UserError(database.unreachable(error, name_of(paths))) from None
        raise UserError(f"{name_of(paths)}: {error.orig}; phục hồi / restore: thongsuot restore") from None
    finally:
        engine.dispose()
    if set(at) != set(newest):
        raise UserError(
            f"{name_of(paths)}: cấu trúc chưa mới / schema at {', '.join(sorted(at)) or 'nothing'}, this version "
            f"needs {', '.join(sorted(newest))}; khởi động lại / restart: thongsuot up"
        )
    return f"{name_of(paths)} ({', '.join(sorted(at))})"


def backups(paths: Paths, status: BackupStatus, *, enabled: bool, now: float) -> str:
    if not enabled:
        raise NotYet("đã tắt / switched off: [backup] enabled")
    age = now - status.last_success
    key = paths.secrets / "session.key"
    if not status.last_success and (not key.exists() or now - key.stat().st_mtime < BACKUP_AGE_SECONDS):
        raise NotYet("chưa có bản nào, máy chủ tự làm khi chạy / none yet: the hub makes one when it runs")
    if age > BACKUP_AGE_SECONDS:
        when = "chưa bao giờ / never" if not status.last_success else f"{age / 86400:.1f} ngày trước / days ago"
        raise UserError(f"{when}; làm ngay / make one now: thongsuot backup; nhật ký / log: {paths.logs / 'hub.log'}")
    if status.failed_places:
        raise UserError(f"không chép được đến / not copied to: {', '.join(status.failed_places)}")
    made = time.strftime("%d/%m/%Y %H:%M", time.localtime(status.last_success))
    return f"{made}, {status.last_bytes:,} byte, đã thử phục hồi / proved by a restore"


def second_place(folder: str) -> str:
    if not folder:
        raise NotYet("chưa đặt; nên có một ổ khác / none is set; another disk is wise: [backup] second_folder")
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"{folder}: không ghi được / cannot be written: {error.strerror}; gắn lại / mount it"
        ) from None
    return folder


def certificate(paths: Paths, now: float) -> str:
    file = paths.tls / "server.pem"
    if not file.exists():
        raise NotYet("chỉ phục vụ máy này, không cần / serves this machine only, needs none")
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(
            f"{file}: không đọc được / cannot be read: {error}; khởi động lại / restart the hub"
        ) from None
    left = (found.not_valid_after_utc - datetime.datetime.fromtimestamp(now, datetime.UTC)).days
    ends = found.not_valid_after_utc.strftime("%d/%m/%Y")
    if left < CERTIFICATE_DAYS:
        raise UserError(f"hết hạn / ends {ends}; khởi động lại để gia hạn / a restart renews it: thongsuot up")
    return f"đến / until {ends} (còn / left: {left} ngày / days)"


def clock(paths: Paths, now: float) -> str:
    """Against the database's clock, and against what nodes have said already: a clock set back shows itself."""
    if paths.database_url is None and not paths.database.exists():
        raise NotYet("chưa có gì để so / nothing to compare with yet")
    engine = (
        database.open_engine(paths.database)
        if paths.database_url is None
        else database.open_postgresql(paths.database_url)
    )
    try:
        with engine.connect() as connection:
            latest = connection.scalar(select(Node.last_seen_at).order_by(Node.last_seen_at.desc().nulls_last()))
            theirs = now
            if paths.database_url is not None:
                theirs = float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or now)
    except DatabaseError:
        raise NotYet("cơ sở dữ liệu không trả lời / the database does not answer") from None
    finally:
        engine.dispose()
    ahead = (latest or 0.0) - now
    if ahead > AHEAD_SECONDS:
        raise UserError(
            f"chậm hơn dữ liệu đã nhận / {ahead:.0f} s behind what was received already; "
            f"chỉnh giờ / set it: timedatectl set-ntp true"
        )
    if abs(theirs - now) > CLOCK_SECONDS:
        raise UserError(
            f"lệch {theirs - now:+.0f} s so với máy cơ sở dữ liệu / from the database's machine; "
            f"bật NTP trên cả hai / switch NTP on on both: timedatectl set-ntp true"
        )
    return time.strftime("%d/%m/%Y %H:%M:%S", time.localtime(now))
