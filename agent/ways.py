"""Builds the ways to the hub from what the state folder, the command line and the environment say."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from agent.failure import UserError
from agent.hub_client import HubAddress, HubAddressError, parse_address, trust
from agent.hub_route import Way
from agent.proxy import Proxy, ProxyError, choose
from agent.state import Identity, StateFolder

logger = logging.getLogger(__name__)

MAX_ADDRESSES = 8


def addresses(given: HubAddress | None, identity: Identity, state: StateFolder) -> tuple[HubAddress, ...]:
    """In order, none twice: the given one, else that of enrolment; those of the `hubs` file. Raises UserError."""
    found = [given if given is not None else parse_address(identity.hub)]
    try:
        lines = state.hubs.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, ValueError) as error:
        raise UserError(f"{state.hubs}: cannot be read ({error}); mend it or remove it") from None
    for line in lines:
        text = line.partition("#")[0].strip()
        if text:
            try:
                found.append(parse_address(text))
            except HubAddressError as error:
                raise UserError(f"{state.hubs}: {error}") from None
    return tuple(dict.fromkeys(found))[:MAX_ADDRESSES]


def proxy_for(address: HubAddress, state: StateFolder) -> Proxy | None:
    """Raises UserError."""
    try:
        stored = state.proxy.read_text(encoding="utf-8")
    except FileNotFoundError:
        stored = None
    except (OSError, ValueError) as error:
        raise UserError(f"{state.proxy}: cannot be read ({error}); mend it or remove it") from None
    try:
        return choose(address.secure, address.host, stored, os.environ)
    except ProxyError as error:
        raise UserError(str(error)) from None


def ways(to: Iterable[HubAddress], ca_file: Path | None, state: StateFolder) -> tuple[Way, ...]:
    """Raises UserError."""
    if ca_file is None and state.ca.exists():
        ca_file = state.ca
    found = []
    for address in to:
        try:
            context = trust(address, ca_file)
        except OSError as error:
            raise UserError(
                f"{ca_file}: cannot be used as certification authority ({error}); name a PEM file"
            ) from None
        proxy = proxy_for(address, state)
        if proxy is not None:
            logger.info("%s is reached through the proxy %s:%d", address, proxy.host, proxy.port)
        found.append(Way(address, context, proxy))
    return tuple(found)
