"""Traps and informs as they come by UDP (RFC 1157, 3416), decoded by pysnmp. What is encrypted is told as such."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError

MAX_BYTES = 8192
MAX_VARBINDS = 12
SNMP_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
_SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
_GENERIC = "1.3.6.1.6.3.1.1.5"
_ENTERPRISE_SPECIFIC = 6


class TrapError(ValueError):
    """The datagram is no trap."""


@dataclass(frozen=True, slots=True)
class Trap:
    """`kind`: the notification's object identifier, `v3` when it cannot be read. `community` as it was sent."""

    kind: str
    community: str = ""
    varbinds: tuple[tuple[str, str], ...] = ()


def decode(datagram: bytes) -> Trap:
    """Raises TrapError."""
    if len(datagram) > MAX_BYTES:
        raise TrapError("too large")
    try:
        version = int(api.decodeMessageVersion(datagram))
        if version == 3:
            return Trap("v3")
        module: Any = api.PROTOCOL_MODULES[version]
        message, _ = decoder.decode(datagram, asn1Spec=module.Message())
        community = bytes(module.apiMessage.get_community(message).asOctets()).decode("latin-1")[:64]
        pdu = module.apiMessage.get_pdu(message)
        if version == api.SNMP_VERSION_1:
            return Trap(_first_version(module, pdu), community, _texts(module.apiTrapPDU.get_varbinds(pdu)))
        varbinds = _texts(module.apiPDU.get_varbinds(pdu))
        kind = next((text for name, text in varbinds if name == SNMP_TRAP_OID), "")
        if not kind:
            raise TrapError("no snmpTrapOID")
        rest = tuple(one for one in varbinds if one[0] not in (SNMP_TRAP_OID, _SYS_UPTIME))
        return Trap(kind, community, rest)
    except TrapError:
        raise
    except (
        PyAsn1Error,
        ProtocolError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        LookupError,
    ) as error:
        raise TrapError(str(error)[:200]) from error


def _first_version(module: Any, pdu: Any) -> str:
    """RFC 3584 section 3.1."""
    generic = int(module.apiTrapPDU.get_generic_trap(pdu))
    if generic == _ENTERPRISE_SPECIFIC:
        enterprise = ".".join(map(str, tuple(module.apiTrapPDU.get_enterprise(pdu))))
        return f"{enterprise}.0.{int(module.apiTrapPDU.get_specific_trap(pdu))}"
    return f"{_GENERIC}.{generic + 1}"


def _texts(varbinds: Any) -> tuple[tuple[str, str], ...]:
    found = []
    for name, value in list(varbinds)[:MAX_VARBINDS]:
        found.append((".".join(map(str, tuple(name))), value.prettyPrint()[:120]))
    return tuple(found)
