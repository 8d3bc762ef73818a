"""`thongsuot backup` and `thongsuot restore`."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from hub import backup
from hub.backup import BackupError, Backups, BackupSettings
from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths


def backup_settings(configuration: Configuration, paths: Paths) -> BackupSettings:
    second = configuration.backup.second_folder
    return BackupSettings((paths.backup, *((Path(second),) if second else ())), configuration.backup.keep_days)


def run(configuration: Configuration, paths: Paths) -> None:
    """Raises UserError."""
    backups = _backups(configuration, paths)
    try:
        archive = backups.run(time.time())
    except (BackupError, OSError) as error:
        raise UserError(str(error)) from None
    typer.echo(f"● {archive.path}  ({archive.bytes:,} byte, {len(archive.manifest.files)} tệp / files)")
    typer.echo("● đã thử phục hồi / proved by a restore")
    for place in backups.status().failed_places:
        typer.echo(f"✗ không chép được đến / not copied to: {place}")
    typer.echo("Cất khóa ở nơi khác / keep the key elsewhere: thongsuot backup --key")


def print_key(configuration: Configuration, paths: Paths) -> None:
    typer.echo(_backups(configuration, paths).key())


def restore(archive: Path, data: Path, key_file: Path) -> None:
    """Raises UserError."""
    try:
        identity = key_file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{key_file}: cannot be read as a key: {error}") from None
    try:
        manifest = backup.restore(archive, identity, data)
    except BackupError as error:
        raise UserError(str(error)) from None
    made = time.strftime("%d/%m/%Y %H:%M", time.localtime(manifest.made_at))
    typer.echo(f"● đã phục hồi bản sao lưu lúc {made} / restored into {data}")
    typer.echo(f"Chạy / start: thongsuot up --data {data}")


def _backups(configuration: Configuration, paths: Paths) -> Backups:
    if not paths.database.exists():
        raise UserError(f"{paths.database}: nothing to back up; start once with: thongsuot up")
    return Backups(paths.root, backup_settings(configuration, paths))
