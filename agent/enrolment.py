"""How this machine becomes a node: a one-time token for a key, over a connection that is trusted from the start."""

from __future__ import annotations

import hmac
import json
import logging
import platform
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from agent import __version__
from agent.failure import UserError
from agent.hub_client import (
    Answer,
    HubAddress,
    HubConnection,
    HubUnreachableError,
    certificate_sha256,
    trust,
    trusting_anyone,
    trusting_authority,
)
from agent.proxy import Proxy
from agent.state import Identity, StateFolder
from agent.ways import proxy_for
from agent.wire.enrolment import CA_PATH, ENROL_PATH, EnrolmentToken, TokenFormatError, parse_token

if TYPE_CHECKING:
    import ssl

logger = logging.getLogger(__name__)

_CURE = "make a new one on the hub with: thongsuot agent token --site CODE"


class NotNowError(Exception):
    """The hub asks to come again later, or is not well."""


def read_token(text: str, where: str) -> EnrolmentToken:
    """Raises UserError."""
    try:
        return parse_token(text)
    except TokenFormatError as error:
        raise UserError(f"{where}: {error}") from None


def enrol(address: HubAddress, token: EnrolmentToken, state: StateFolder, ca_file: Path | None) -> Identity:
    """Blocking. Raises UserError, HubUnreachableError, NotNowError."""
    ca_pem: bytes | None = None
    context: ssl.SSLContext | None = None
    proxy = proxy_for(address, state)
    if token.ca_sha256 is not None:
        if not address.secure:
            raise UserError(f"{address}: this token is of a hub with TLS; give its address with https://")
        ca_pem = fetch_authority(address, token.ca_sha256, proxy)
        context = trusting_authority(ca_pem.decode("ascii"))
    elif address.secure:
        context = _context(address, ca_file)
    elif not _is_loopback(address.host):
        logger.warning("%s is not encrypted: whoever listens on the way learns this node's key", address)
    connection = HubConnection(address, context, proxy=proxy)
    try:
        answer = connection.request(
            "POST",
            ENROL_PATH,
            json.dumps(
                {
                    "token": str(token),
                    "hostname": socket.gethostname(),
                    "platform": platform.platform(terse=True),
                    "version": __version__,
                }
            ).encode(),
            {"Content-Type": "application/json"},
        )
    finally:
        connection.close()
    identity = _identity(answer, address)
    try:
        state.store(identity, ca_pem)
    except OSError as error:
        raise UserError(
            f"state folder {state.root}: the key cannot be written ({error.strerror}) and the token is spent; "
            f"mend the folder, then {_CURE}"
        ) from None
    return identity


def fetch_authority(address: HubAddress, expected_sha256: str, proxy: Proxy | None = None) -> bytes:
    """The hub's own certification authority, compared with the token. Raises UserError, HubUnreachableError."""
    connection = HubConnection(address, trusting_anyone(), proxy=proxy)
    try:
        answer = connection.request("GET", CA_PATH)
    finally:
        connection.close()
    if answer.status != 200:
        raise UserError(
            f"{address}{CA_PATH}: answered {answer.status} where the hub's certificate was expected; "
            f"is this the hub's address?"
        )
    try:
        found = certificate_sha256(answer.body.decode("ascii"))
    except ValueError:
        raise UserError(f"{address}{CA_PATH}: not a certificate; is this the hub's address?") from None
    if not hmac.compare_digest(found, expected_sha256):
        raise UserError(
            f"{address}: its certificate has the fingerprint {found[:16]}…, the token says "
            f"{expected_sha256[:16]}…; someone may be listening between, or the token is of another hub"
        )
    return answer.body


def _context(address: HubAddress, ca_file: Path | None) -> ssl.SSLContext | None:
    try:
        return trust(address, ca_file)
    except OSError as error:
        raise UserError(f"{ca_file}: cannot be used as certification authority ({error}); name a PEM file") from None


def _identity(answer: Answer, address: HubAddress) -> Identity:
    match answer.status:
        case 201:
            try:
                document = json.loads(answer.body)
                node, key, site = (document[name] for name in ("node", "key", "site"))
                if not all(isinstance(one, str) and one for one in (node, key, site)) or not key.isascii():
                    raise ValueError
            except (ValueError, KeyError, TypeError):
                raise UserError(f"{address}{ENROL_PATH}: the answer is not a hub's; is this its address?") from None
            return Identity(node, site, str(address), key)
        case 401:
            raise UserError(f"{address}: the token is wrong, used or expired ({problem_detail(answer)}); {_CURE}")
        case 429 | 503:
            raise NotNowError(f"{address}: the hub asks to come again later ({answer.status})")
        case status if status >= 500:
            raise NotNowError(f"{address}: the hub is not well ({status})")
        case status:
            raise UserError(f"{address}{ENROL_PATH}: answered {status} ({problem_detail(answer)}); is this the hub?")


def problem_detail(answer: Answer) -> str:
    """The words of a problem document (RFC 9457), or how the hub's answer begins."""
    try:
        document = json.loads(answer.body)
        return str(document.get("detail") or document.get("title") or answer.status)
    except (ValueError, AttributeError):
        return answer.body[:80].decode("utf-8", "replace").strip() or f"status {answer.status}"


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


__all__ = ["HubUnreachableError", "NotNowError", "enrol", "fetch_authority", "problem_detail", "read_token"]
