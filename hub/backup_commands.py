"""`thongsuot backup` and `thongsuot restore`."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import typer

from hub import backup, database, database_location, secret_files
from hub.backup import BackupError, Backups, BackupSettings, database_copy
from hub.backup.archive import CopyDatabase
from hub.backup.database_copy import CopyError
from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths
from hub.paths import paths as paths_of


def backup_settings(configuration: Configuration, paths: Paths) -> BackupSettings:
    second = configuration.backup.second_folder
    return BackupSettings((paths.backup, *((Path(second),) if second else ())), configuration.backup.keep_days)


def backups(configuration: Configuration, paths: Paths) -> Backups:
    """Of the database that these paths name."""
    return Backups(paths.root, backup_settings(configuration, paths), _copy_of(paths))


def run(configuration: Configuration, paths: Paths) -> None:
    """Raises UserError."""
    found = _checked(configuration, paths)
    try:
        archive = found.run(time.time())
    except (BackupError, OSError) as error:
        raise UserError(str(error)) from None
    typer.echo(f"● {archive.path}  ({archive.bytes:,} byte, {len(archive.manifest.files)} tệp / files)")
    typer.echo("● đã thử phục hồi / proved by a restore")
    for place in found.status().failed_places:
        typer.echo(f"✗ không chép được đến / not copied to: {place}")
    typer.echo("Cất khóa ở nơi khác / keep the key elsewhere: thongsuot backup --key")


def print_key(configuration: Configuration, paths: Paths) -> None:
    typer.echo(_checked(configuration, paths).key())


def restore(archive: Path, data: Path, key_file: Path, url_file: Path | None = None) -> None:
    """`url_file`: holds the URL of an empty PostgreSQL to restore onto; without it, onto SQLite. Raises UserError."""
    try:
        identity = key_file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{key_file}: cannot be read as a key: {error}") from None
    onto = _located(data, url_file) if url_file is not None else None
    try:
        manifest = backup.restore(archive, identity, data, None if onto is None else lambda file: _load(file, onto))
    except BackupError as error:
        raise UserError(str(error)) from None
    made = time.strftime("%d/%m/%Y %H:%M", time.localtime(manifest.made_at))
    if onto is not None and onto.database_url is not None:
        # As the folder's own secret it wins over the hub.toml of the backup, which may name the hub's old database.
        (data / "secrets").mkdir(mode=0o700, exist_ok=True)
        url = onto.database_url.render_as_string(hide_password=False)
        secret_files.replace(data / "secrets" / database_location.SECRET, url.encode())
        secret_files.replace(data / onto.database_mark.name, f"{database_location.name_of(onto)}\n".encode())
        typer.echo(f"● cơ sở dữ liệu / database: {database_location.name_of(onto)}")
    typer.echo(f"● đã phục hồi bản sao lưu lúc {made} / restored into {data}")
    typer.echo(f"Chạy / start: thongsuot up --data {data}")


def _checked(configuration: Configuration, paths: Paths) -> Backups:
    if paths.database_url is None and not paths.database.exists():
        raise UserError(
            f"{paths.database}: chưa có gì để sao lưu / nothing to back up; start once with: thongsuot up"
        )
    return backups(configuration, paths)


def _copy_of(paths: Paths) -> CopyDatabase | None:
    url = paths.database_url
    if url is None:
        return None

    def copy(target: Path) -> None:
        engine = database.open_postgresql(url)
        try:
            database_copy.to_file(engine, target)
        except CopyError as error:
            raise BackupError(str(error)) from None
        finally:
            engine.dispose()

    return copy


def _located(data: Path, url_file: Path) -> Paths:
    try:
        text = url_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{url_file}: không đọc được / cannot be read: {type(error).__name__}") from None
    return dataclasses.replace(paths_of(data), database_url=database_location.parse(text, str(url_file)))


def _load(file: Path, onto: Paths) -> None:
    assert onto.database_url is not None
    engine = database.open_postgresql(onto.database_url)
    try:
        database_copy.from_file(file, engine, database_location.name_of(onto))
    except (CopyError, UserError) as error:
        raise BackupError(str(error)) from None
    finally:
        engine.dispose()
