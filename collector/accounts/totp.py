"""The second factor: TOTP (RFC 6238, 6 digits, 30 s) and recovery codes. Each code works once.

The caller's session commits.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from enum import Enum

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from collector.accounts.sealing import Sealer
from collector.tables.accounts import RecoveryCodeRow, TotpRow

STEP_SECONDS = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
ISSUER = "Thông Suốt"
# Without those that are taken for one another on paper: l, 1, o, 0.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS = 4


class CodeVerdict(Enum):
    RIGHT = "right"
    RIGHT_RECOVERY = "right recovery code"
    WRONG = "wrong"
    REPLAYED = "replayed"


def begin(session: Session, user_id: int, sealer: Sealer) -> str:
    """A new secret (base32) that counts once `confirm` has seen a code of it."""
    secret = pyotp.random_base32()
    row = session.get(TotpRow, user_id)
    if row is None:
        row = TotpRow(user_id=user_id, last_step=0)
        session.add(row)
    row.pending_secret = sealer.seal(secret, _purpose(user_id))
    session.flush()
    return secret


def provisioning_uri(secret: str, name: str) -> str:
    """The otpauth:// address that telephones read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def confirm(session: Session, user_id: int, code: str, now: float, sealer: Sealer) -> list[str] | None:
    """New recovery codes when the code is of the pending secret, which then takes over; None otherwise."""
    row = session.get(TotpRow, user_id)
    if row is None or row.pending_secret is None:
        return None
    step = _matching_step(sealer.open(row.pending_secret, _purpose(user_id)), code, now)
    if step is None:
        return None
    row.secret, row.pending_secret = row.pending_secret, None
    row.confirmed_at = now
    row.last_step = step
    session.flush()
    return new_recovery_codes(session, user_id)


def verify(session: Session, user_id: int, code: str, now: float, sealer: Sealer) -> CodeVerdict:
    """A TOTP code of now, one step before or after, or an unused recovery code."""
    row = session.get(TotpRow, user_id)
    if row is None or row.secret is None or row.confirmed_at is None:
        return CodeVerdict.WRONG
    given = "".join(code.split()).replace("-", "").lower()
    if len(given) == _GROUPS * 4:
        return _use_recovery_code(session, user_id, given, now)
    step = _matching_step(sealer.open(row.secret, _purpose(user_id)), given, now)
    if step is None:
        return CodeVerdict.WRONG
    # One statement, so that of two requests with the same code one loses.
    advanced = session.execute(
        update(TotpRow).where(TotpRow.user_id == user_id, TotpRow.last_step < step).values(last_step=step)
    )
    return CodeVerdict.RIGHT if advanced.rowcount == 1 else CodeVerdict.REPLAYED  # type: ignore[attr-defined]


def is_set(session: Session, user_id: int) -> bool:
    row = session.get(TotpRow, user_id)
    return row is not None and row.confirmed_at is not None


def new_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Ten new ones, each of 80 random bits; the old ones are void."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    codes = [_random_code() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCodeRow(code_sha256=_hash(user_id, code), user_id=user_id) for code in codes)
    session.flush()
    return codes


def recovery_codes_left(session: Session, user_id: int) -> int:
    unused = select(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.used_at.is_(None))
    return len(session.scalars(unused).all())


def remove(session: Session, user_id: int) -> None:
    """For somebody who lost both telephone and recovery codes."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    session.execute(delete(TotpRow).where(TotpRow.user_id == user_id))


def reseal(session: Session, sealer: Sealer) -> int:
    """Seal every secret again with the current key; how many."""
    count = 0
    for row in session.scalars(select(TotpRow)):
        purpose = _purpose(row.user_id)
        for name in ("secret", "pending_secret"):
            sealed = getattr(row, name)
            if sealed is not None:
                setattr(row, name, sealer.seal(sealer.open(sealed, purpose), purpose))
                count += 1
    session.flush()
    return count


def _use_recovery_code(session: Session, user_id: int, code: str, now: float) -> CodeVerdict:
    digest = _hash(user_id, code)
    used = session.execute(
        update(RecoveryCodeRow)
        .where(RecoveryCodeRow.code_sha256 == digest, RecoveryCodeRow.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount == 1:  # type: ignore[attr-defined]
        return CodeVerdict.RIGHT_RECOVERY
    known = session.get(RecoveryCodeRow, digest) is not None
    return CodeVerdict.REPLAYED if known else CodeVerdict.WRONG


def _matching_step(secret: str, code: str, now: float) -> int | None:
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now // STEP_SECONDS)
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def _random_code() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))


def _hash(user_id: int, code: str) -> str:
    return hashlib.sha256(f"{user_id}:{code.replace('-', '')}".encode()).hexdigest()


def _purpose(user_id: int) -> str:
    return f"totp:{user_id}"
