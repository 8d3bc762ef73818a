"""Trying a new source port while the session's own is silent (prometheus/blackbox_exporter#591).

A NAT or a router with several lines can pin a flow to a way that is dead. To leave the old port at once would
lose the reflector's count of it, and with it which way an outage's packets went. So the old port goes on
with the schedule, and beside it a scout asks once a second from a new port, which is replaced when it stays
silent too. The old port answers: the scout was not needed. Only the scout answers: the session moves to it.
"""

from __future__ import annotations

from agent.probes.port_session import PortSession

STRAIGHT_LOSSES = 10
"""So many unanswered packets in a row call for a scout, and so many of a scout for the next one."""
MOVE_ANSWERS = 3
"""So many answers to the scout alone show that the old port is dead, and not merely slower."""
_LONGEST_SCOUT = 160


class Scouting:
    def __init__(self) -> None:
        self.session: PortSession | None = None
        self.tried = 0
        self._patience = STRAIGHT_LOSSES
        self._sent = 0
        self._answers = 0

    def stop(self) -> None:
        """The session's own port is answered."""
        self.session = None
        self._patience = STRAIGHT_LOSSES
        self._sent = self._answers = 0

    def next_session(self, port: int, reflector_start: int) -> PortSession:
        """The session to send the next scout from: the present one, or one with this new port."""
        if self.session is None or (self._sent >= self._patience and not self._answers):
            if self.session is not None:
                self._patience = min(self._patience * 2, _LONGEST_SCOUT)
            self.session = PortSession(port, reflector_start)
            self.tried += 1
            self._sent = 0
        self._sent += 1
        return self.session

    def answered(self) -> bool:
        """The scout is answered. Whether the session should move to it."""
        self._answers += 1
        return self._answers >= MOVE_ANSWERS
