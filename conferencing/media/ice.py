"""ICE-lite (RFC 8445 section 2.5): answers connectivity checks. Bytes in, bytes out; knows no sockets.

Coding by aioice. A check counts only with a valid MESSAGE-INTEGRITY; only USE-CANDIDATE moves a peer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from aioice import stun

Address = tuple[str, int]

_ROLE_CONFLICT = (487, "Role Conflict")


class StunError(ValueError):
    """The datagram is not a check of one of our peers; the text is a reason to count by."""


@dataclass(frozen=True, slots=True)
class Check:
    """A verified connectivity check and the response to it."""

    ufrag: str
    nominated: bool
    response: bytes


def answer_check(datagram: bytes, source: Address, password_of: Callable[[str], str | None]) -> Check:
    """The answer to a Binding request from `source`; `password_of` tells our password for one of our ufrags.

    Raises StunError.
    """
    try:
        request = stun.parse_message(datagram)
    except (ValueError, struct.error, IndexError, KeyError):
        raise StunError("stun_malformed") from None
    if request.message_method != stun.Method.BINDING or request.message_class != stun.Class.REQUEST:
        raise StunError("stun_not_a_request")
    username = request.attributes.get("USERNAME")
    if not isinstance(username, str):
        raise StunError("stun_without_username")
    ufrag = username.partition(":")[0]
    password = password_of(ufrag)
    if password is None:
        raise StunError("stun_unknown_ufrag")
    key = password.encode()
    if not request.check_message_integrity(key):
        raise StunError("stun_integrity")
    conflict = "ICE-CONTROLLED" in request.attributes
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.ERROR if conflict else stun.Class.RESPONSE,
        transaction_id=request.transaction_id,
    )
    if conflict:
        # We are lite, hence always controlled (RFC 8445 section 6.1.1).
        response.attributes["ERROR-CODE"] = _ROLE_CONFLICT
    else:
        response.attributes["XOR-MAPPED-ADDRESS"] = source
    response.add_message_integrity(key)
    nominated = "USE-CANDIDATE" in request.attributes and not conflict
    return Check(ufrag, nominated, bytes(response))
