"""Opens a node's queue, so that what was measured at one site is never said of another."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from agent.failure import UserError
from agent.queue import Queue, QueueVersionError
from agent.queue_tables import move_aside
from agent.state import Identity

logger = logging.getLogger(__name__)

SITE_FACT = "site"


def open_queue(path: Path) -> Queue:
    """Raises UserError."""
    try:
        return Queue(path)
    except QueueVersionError as error:
        raise UserError(str(error)) from None
    except (sqlite3.Error, OSError) as error:
        raise UserError(f"queue {path}: cannot be opened ({error}); mend the folder or the disk") from None


def queue_of(path: Path, identity: Identity) -> Queue:
    """What was measured at another site is not of this one: its queue is set aside. Raises UserError."""
    queue = open_queue(path)
    site = queue.fact(SITE_FACT)
    if site not in (None, identity.site):
        queue.close()
        aside = move_aside(path, "former")
        logger.warning("this node is now of site %s; what waited of %s is kept as %s", identity.site, site, aside)
        queue = open_queue(path)
    queue.remember(SITE_FACT, identity.site)
    return queue
