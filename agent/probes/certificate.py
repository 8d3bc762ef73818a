"""When a certificate ends, from its DER bytes (X.509, RFC 5280): also of one that nobody trusts. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_INTEGER, _UTC_TIME, _GENERALIZED_TIME, _SEQUENCE, _VERSION = 0x02, 0x17, 0x18, 0x30, 0xA0
_YEAR_DIGITS = {_UTC_TIME: 2, _GENERALIZED_TIME: 4}
_TIME = re.compile(rb"(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z")


class CertificateError(ValueError):
    """The bytes are no X.509 certificate."""


def not_after(der: bytes) -> float:
    """Unix seconds. Raises CertificateError."""
    certificate = _take(der, 0, _SEQUENCE)[0]
    fields = _take(certificate, 0, _SEQUENCE)[0]
    at = 0
    if fields[:1] == bytes([_VERSION]):
        at = _take(fields, at, _VERSION)[1]
    # serialNumber, signature, issuer; then validity.
    for kind in (_INTEGER, _SEQUENCE, _SEQUENCE):
        at = _take(fields, at, kind)[1]
    validity = _take(fields, at, _SEQUENCE)[0]
    _kind, _begin, at = _element(validity, 0)
    kind, content, _end = _element(validity, at)
    return _time(kind, content)


def _time(kind: int, content: bytes) -> float:
    found = _TIME.fullmatch(content)
    if found is None or len(found[1]) != _YEAR_DIGITS.get(kind, 0):
        raise CertificateError("its end is no time")
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    if kind == _UTC_TIME:
        # RFC 5280 section 4.1.2.5.1: 50 and above are of the last century.
        year += 1900 if year >= 50 else 2000
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError as error:
        raise CertificateError(f"its end is no time: {error}") from None


def _take(source: bytes, at: int, wanted: int) -> tuple[bytes, int]:
    kind, content, end = _element(source, at)
    if kind != wanted:
        raise CertificateError(f"tag {kind:#x} where {wanted:#x} belongs")
    return content, end


def _element(source: bytes, at: int) -> tuple[int, bytes, int]:
    """(tag, content, end) of the element that begins there."""
    if at + 2 > len(source):
        raise CertificateError("cut short")
    kind, size = source[at], source[at + 1]
    begin = at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or begin + count > len(source):
            raise CertificateError("a length that cannot be")
        size = int.from_bytes(source[begin : begin + count], "big")
        begin += count
    if begin + size > len(source):
        raise CertificateError("cut short")
    return kind, source[begin : begin + size], begin + size
