"""When the authority that this node trusts for its hub ends: after that day nothing is delivered any more."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from agent.probes.certificate import CertificateError, not_after
from agent.samples import Family, Kind, Sample
from agent.signals.finding import Finding, Memory, Signal

INTERVAL_SECONDS = 6 * 3600.0
DAY_SECONDS = 86_400.0
WARN_DAYS = (30, 14, 7, 1, 0)
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def read_end(path: Path) -> float | None:
    """Unix seconds at which the first certificate of a PEM file ends; None without one."""
    try:
        return pem_end(path.read_text(encoding="ascii", errors="replace"))
    except FileNotFoundError:
        return None


def pem_end(text: str) -> float | None:
    body = text.partition(_BEGIN)[2].partition(_END)[0]
    try:
        return not_after(base64.b64decode("".join(body.split()), validate=True)) if body else None
    except (binascii.Error, CertificateError):
        return None


class Certificates:
    def __init__(self, memory: Memory | None) -> None:
        held = memory or {}
        self._told: dict[str, int] = dict(held.get("told", {}))
        self._end: float | None = None

    def look(self, reading: float | None, now: float, packages_at: float | None) -> list[Finding]:
        self._end = reading
        if reading is None:
            return []
        key = f"{reading:.0f}"
        due = [days for days in WARN_DAYS if reading - now <= days * DAY_SECONDS]
        if not due or self._told.get(key, WARN_DAYS[0] + 1) <= min(due):
            return []
        self._told = {key: min(due)}
        detail = {"not_after": round(reading), "days": max(0, int((reading - now) // DAY_SECONDS))}
        return [Finding("certificate_ends", "critical" if min(due) <= 7 else "warning", "ca", now, detail)]

    def memory(self) -> Memory:
        return {"told": self._told}

    def figures(self) -> list[Sample]:
        if self._end is None:
            return []
        return [Sample("thongsuot_own_certificate_not_after_timestamp_seconds", self._end, (("certificate", "ca"),))]


def signal(path: Path) -> Signal[float | None]:
    """`path`: PEM of the authority in the state folder."""
    family = Family(
        "thongsuot_own_certificate_not_after_timestamp_seconds", Kind.GAUGE, "Unix time at which it ends."
    )
    return Signal(INTERVAL_SECONDS, lambda _since: read_end(path), Certificates, families=(family,))
