"""One device by pysnmp: requests with bounded times, one engine for all. Imported only when a device is assigned."""

from __future__ import annotations

from typing import Any

from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC96_SHA,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_NONE,
    USM_PRIV_CFB128_AES,
    USM_PRIV_CFB256_AES,
    USM_PRIV_NONE,
    CommunityData,
    ContextData,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
)
from pysnmp.proto.errind import RequestTimedOut
from pysnmp.proto.rfc1902 import Null, ObjectIdentifier, ObjectName
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from agent.devices.varbind import Oid, SnmpError, SnmpTimeoutError, Value, VarBind
from agent.wire.configuration import DeviceConfiguration

PORT = 161
TIMEOUT_SECONDS = 3.0
RETRIES = 1
_AUTH = {"SHA": USM_AUTH_HMAC96_SHA, "SHA256": USM_AUTH_HMAC192_SHA256}
_PRIV = {"AES": USM_PRIV_CFB128_AES, "AES256": USM_PRIV_CFB256_AES}


def new_engine() -> SnmpEngine:
    """One for all devices: each holds a socket and its MIB."""
    return SnmpEngine()


def close_engine(engine: SnmpEngine) -> None:
    engine.close_dispatcher()


class Session:
    def __init__(
        self, engine: SnmpEngine, device: DeviceConfiguration, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._engine = engine
        self._device = device
        self._timeout_seconds = timeout_seconds
        self._credentials = credentials(device)
        self._context = ContextData()
        self._target: Any = None

    @property
    def address(self) -> str:
        """The IP address that was asked, empty before the first request."""
        return self._target.transport_address[0] if self._target is not None else ""

    async def get(self, *oids: Oid) -> list[VarBind]:
        """Raises SnmpError."""
        binds = [(ObjectName(one), Null("")) for one in oids]
        answer = await get_cmd(
            self._engine, self._credentials, await self._transport(), self._context, *binds, lookupMib=False
        )
        return _var_binds(answer)

    async def bulk(self, after: Oid, repetitions: int) -> list[VarBind]:
        """Raises SnmpError."""
        answer = await bulk_cmd(
            self._engine,
            self._credentials,
            await self._transport(),
            self._context,
            0,
            repetitions,
            (ObjectName(after), Null("")),
            lookupMib=False,
        )
        return _var_binds(answer)

    def forget_address(self) -> None:
        """The name is to be resolved anew."""
        self._target = None

    async def _transport(self) -> Any:
        if self._target is None:
            host, port = split_address(self._device.address)
            kind = Udp6TransportTarget if ":" in host else UdpTransportTarget
            try:
                self._target = await kind.create((host, port), timeout=self._timeout_seconds, retries=RETRIES)
            except Exception as error:
                # pysnmp wraps what the resolver says in an error class of its own, whose place has moved.
                raise SnmpError(f"{host}: cannot be resolved ({error})") from error
        return self._target


def credentials(device: DeviceConfiguration) -> Any:
    if device.version == "2c":
        return CommunityData(device.community, mpModel=1)  # noqa: S508 - much gear of offices has no other
    return UsmUserData(
        device.user,
        device.auth_password or None,
        device.priv_password or None,
        authProtocol=_AUTH[device.auth_protocol] if device.auth_password else USM_AUTH_NONE,
        privProtocol=_PRIV[device.priv_protocol] if device.priv_password else USM_PRIV_NONE,
    )


def split_address(text: str) -> tuple[str, int]:
    """host, host:port, [v6]:port or v6."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    return host, int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 65536 else PORT


def _var_binds(answer: Any) -> list[VarBind]:
    indication, status, index, binds = answer
    if indication is not None:
        if isinstance(indication, RequestTimedOut):
            raise SnmpTimeoutError("no answer in time")
        raise SnmpError(str(indication))
    if status:
        raise SnmpError(f"error {int(status)} at object {int(index)}")
    return [VarBind(tuple(name), _value(value)) for name, value in binds]


def _value(value: Any) -> Value:
    if isinstance(value, NoSuchObject | NoSuchInstance | EndOfMibView):
        return None
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    if isinstance(value, ObjectIdentifier):
        return tuple(value)
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
