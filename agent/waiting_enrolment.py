"""Enrolment without a person: from a token file, as often as it takes until the hub is there."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from agent.enrolment import NotNowError, enrol, read_token
from agent.failure import UserError
from agent.hub_client import HubAddress, HubUnreachableError
from agent.state import Identity, StateFolder
from agent.workers import run_once

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0


async def enrol_from_file(
    state: StateFolder, hub: HubAddress | None, token_file: Path | None, ca_file: Path | None
) -> Identity:
    """Waits for the hub, not for a better token. Raises UserError."""
    if token_file is None:
        raise UserError(
            f"state folder {state.root}: this node is not enrolled yet; "
            f"run: thongsuot-agent enrol --hub URL --token TOKEN"
        )
    if hub is None:
        raise UserError("--token-file needs --hub, the address to enrol at")
    try:
        text = token_file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise UserError(
            f"token file {token_file}: cannot be read ({error.strerror}) and this node has no key yet; "
            f"make a token on the hub with: thongsuot agent token --site CODE"
        ) from None
    token = read_token(text, f"token file {token_file}")
    wait, said = FIRST_WAIT_SECONDS, ""
    while True:
        try:
            identity = await run_once("enrolment", enrol, hub, token, state, ca_file)
        except (HubUnreachableError, NotNowError) as error:
            if str(error) != said:
                said = str(error)
                logger.warning("enrolment waits: %s", said)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
        else:
            logger.info("enrolled as node %s of site %s", identity.node, identity.site)
            _forget_token(token_file)
            return identity


def _forget_token(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        try:
            path.write_bytes(b"")
        except OSError as error:
            logger.warning("the spent token in %s cannot be removed: %s", path, error)
