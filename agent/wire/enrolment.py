"""The one-time enrolment token and the messages by which a machine becomes a node.

A token is `ts-SECRET` or `ts-SECRET.FINGERPRINT`; the fingerprint is the SHA-256 of the hub's own CA
certificate (DER), so that the first connection can be trusted before the CA is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ENROL_PATH = "/api/v1/enrol"
CA_PATH = "/ca.pem"

_TOKEN = re.compile(r"ts-([a-z2-7]{32})(?:\.([0-9a-f]{64}))?")


class TokenFormatError(ValueError):
    """What the user gave is not an enrolment token."""


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    secret: str
    """160 bits in lower-case base32."""
    ca_sha256: str | None = None

    def __str__(self) -> str:
        return f"ts-{self.secret}" + (f".{self.ca_sha256}" if self.ca_sha256 else "")


def parse_token(text: str) -> EnrolmentToken:
    """Raises TokenFormatError when the text is no token."""
    found = _TOKEN.fullmatch(text.strip())
    if found is None:
        raise TokenFormatError(
            "not an enrolment token (expected ts- and 32 letters or digits); "
            "make a new one on the hub with: thongsuot agent token --site CODE"
        )
    return EnrolmentToken(found[1], found[2])
