"""The limits that the bridge keeps to. Values only; the hub makes them of hub.toml."""

from __future__ import annotations

from dataclasses import dataclass

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds, and counts."""

    escalation_seconds: float = 600.0
    """From telling one layer of the rota to telling the next, while nobody takes the trouble."""
    gather_seconds: float = 15.0
    """A site's trouble waits so long for others to come with it."""
    storm_sites: int = 8
    """More sites than these told within `storm_seconds`: areas speak for them."""
    storm_seconds: float = 600.0
    guard_seconds: float = 24 * HOUR_SECONDS
    """Before a meeting a warning of an invited site counts as critical."""
    wake_seconds: float = 12 * HOUR_SECONDS
    """Before a meeting an invited site's trouble is told at any hour."""
    return_seconds: float = 900.0
    """What comes back within is the same trouble."""
    most_returns: int = 2
    """So often a return is told; further ones are flapping, and its end is told once it has stayed."""
    most_worse: int = 5
    """So often it is told that a trouble grew worse."""
    stale_seconds: float = 4.5 * HOUR_SECONDS
    """Alertmanager repeats what fires every 4 h: what it has not said for longer is no more."""
    gone_seconds: float = 180.0
    """What fires Prometheus repeats to Alertmanager every minute: what Alertmanager does not know for so long is no
    more, even if its end was never told because Alertmanager was started anew."""
    heartbeat_seconds: float = 900.0
    """The watchdog comes every 5 minutes: silent for longer, alerting itself is dead."""
    most_attempts: int = 4
    """Of one message by one channel, before the person's next channel is tried."""
    person_messages_per_hour: int = 30
    """The rest comes in one summary."""
    most_waiting_deliveries: int = 5000
    link_seconds: float = 7 * 24 * HOUR_SECONDS
    keep_days: int = 400
    """Resolved troubles, for figures and history."""
