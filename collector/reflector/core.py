"""A stateful STAMP Session-Reflector (RFC 8762 section 4.3) in authenticated mode, for many lines.

Bytes in, bytes out: no sockets, no clock. Answers only what verifies, and never with more than was asked.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.wire import stamp
from collector.limits import TokenBucket

MAX_SESSIONS = 4096
PACKETS_PER_SECOND = 200.0
"""Of one line; a node sends 10, and 50 at most."""
REMEMBERED_PACKETS = 32
"""Three seconds of a session: a duplicate that comes later is taken for a new packet."""

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that lacks only the moment at which it leaves."""

    packet: stamp.ReflectorPacket
    key: bytes

    def encoded(self, leaves_at: float) -> bytes:
        """Unix seconds. May be asked again when it did not leave then."""
        return stamp.encode_reflector(replace(self.packet, timestamp=leaves_at), self.key)


class _DroppedError(Exception):
    """The packet gets no answer; `reason` is one of a fixed set."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Session:
    next_sequence_number: int = 0
    answered: dict[int, int] = field(default_factory=dict)
    """The sender's sequence number → ours, of the last packets."""

    def number(self, sender_sequence_number: int) -> tuple[int, bool]:
        """Our sequence number for that packet, and whether it came before.

        A packet duplicated on its way here gets its number again: the sender reads from our numbers how many
        of its packets arrived (RFC 8762 section 4.3: loss per direction), and a copy is not an arrival.
        """
        known = self.answered.get(sender_sequence_number)
        if known is not None:
            return known, True
        number = self.next_sequence_number
        self.next_sequence_number = (number + 1) & 0xFFFF_FFFF
        if len(self.answered) >= REMEMBERED_PACKETS:
            del self.answered[next(iter(self.answered))]
        self.answered[sender_sequence_number] = number
        return number, False


class Reflector:
    def __init__(
        self,
        keys: Mapping[int, bytes] | None = None,
        max_sessions: int = MAX_SESSIONS,
        packets_per_second: float = PACKETS_PER_SECOND,
        started_at: int = 0,
    ) -> None:
        """`started_at`: Unix seconds, told to senders so that they know a restart; 0 is not to say it."""
        self._keys = dict(keys or {})
        self._max_sessions = max_sessions
        self._packets_per_second = packets_per_second
        self._started_at = started_at & 0xFFFF_FFFF
        self._sessions: OrderedDict[tuple[int, Address], _Session] = OrderedDict()
        self._limits: dict[int, TokenBucket] = {}
        self.counters: Counter[str] = Counter()
        """`received`, `answered`, `duplicate`, `sessions_evicted`, and `dropped_<reason>`."""

    @property
    def session_count(self) -> int:
        return len(self._sessions)

    @property
    def key_count(self) -> int:
        return len(self._keys)

    def replace_keys(self, keys: Mapping[int, bytes]) -> None:
        """Sessions whose key is gone or changed end."""
        kept = {ssid for ssid, key in keys.items() if self._keys.get(ssid) == key}
        self._keys = dict(keys)
        for session in [session for session in self._sessions if session[0] not in kept]:
            del self._sessions[session]
        for ssid in [ssid for ssid in self._limits if ssid not in keys]:
            del self._limits[ssid]

    def handle(self, packet: bytes, address: Address, received_at: float, now: float, ttl: int = 255) -> bytes | None:
        """The answer to a packet, or None when it gets none. Times in Unix seconds by this machine's clock."""
        answer = self.prepare(packet, address, received_at, now, ttl)
        return None if answer is None else answer.encoded(now)

    def prepare(
        self, packet: bytes, address: Address, received_at: float, now: float, ttl: int = 255
    ) -> Answer | None:
        """As `handle`, for whoever knows the time of leaving only later."""
        self.counters["received"] += 1
        try:
            asked, key = self._verified(packet, now)
        except _DroppedError as dropped:
            self.counters[f"dropped_{dropped.reason}"] += 1
            return None
        number, duplicate = self._session(asked.ssid, address).number(asked.sequence_number)
        self.counters["duplicate"] += duplicate
        self.counters["answered"] += 1
        return Answer(
            stamp.ReflectorPacket(
                sequence_number=number,
                timestamp=now,
                ssid=asked.ssid,
                receive_timestamp=received_at,
                sender_sequence_number=asked.sequence_number,
                sender_timestamp=asked.timestamp,
                sender_ttl=ttl,
                reflector_start=self._started_at,
            ),
            key,
        )

    def _verified(self, packet: bytes, now: float) -> tuple[stamp.SenderPacket, bytes]:
        try:
            ssid = stamp.peek_ssid(packet)
        except stamp.StampError:
            raise _DroppedError("wrong_length") from None
        key = self._keys.get(ssid)
        if key is None:
            raise _DroppedError("unknown_ssid")
        try:
            asked = stamp.decode_sender(packet, key)
        except stamp.StampError:
            raise _DroppedError("wrong_hmac") from None
        # After the HMAC: nobody without the key can use up a line's allowance.
        if not self._within_limit(ssid, now):
            raise _DroppedError("rate_limited")
        return asked, key

    def _session(self, ssid: int, address: Address) -> _Session:
        session = self._sessions.get((ssid, address))
        if session is None:
            if len(self._sessions) >= self._max_sessions:
                self._sessions.popitem(last=False)
                self.counters["sessions_evicted"] += 1
            session = self._sessions[ssid, address] = _Session()
        else:
            self._sessions.move_to_end((ssid, address))
        return session

    def _within_limit(self, ssid: int, now: float) -> bool:
        limit = self._limits.get(ssid)
        if limit is None:
            limit = self._limits[ssid] = TokenBucket(self._packets_per_second, self._packets_per_second, now)
        if limit.wait_seconds(now) > 0:
            return False
        limit.charge(1, now)
        return True
