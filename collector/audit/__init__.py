"""The audit log: who did what, when and from where; append-only, each entry chained to the one before."""

from collector.audit.chain import GENESIS, Entry
from collector.audit.head import Head, HeadError, HeadFile, keep_head
from collector.audit.log import AuditLogError, entries, latest, record
from collector.audit.verify import Verdict, verify

__all__ = [
    "GENESIS",
    "AuditLogError",
    "Entry",
    "Head",
    "HeadError",
    "HeadFile",
    "Verdict",
    "entries",
    "keep_head",
    "latest",
    "record",
    "verify",
]
