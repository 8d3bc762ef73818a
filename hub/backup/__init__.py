"""Encrypted backups of what cannot be made again: the database, the secrets, the certificates, the configuration."""

from hub.backup.archive import Archive, BackupError, Manifest, read_manifest, restore, write
from hub.backup.schedule import Backups, BackupSettings, BackupStatus

__all__ = [
    "Archive",
    "BackupError",
    "BackupSettings",
    "BackupStatus",
    "Backups",
    "Manifest",
    "read_manifest",
    "restore",
    "write",
]
