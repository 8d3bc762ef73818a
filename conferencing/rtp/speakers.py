"""Who speaks: ranks microphones by the audio levels they tell (RFC 6464), with hysteresis for the stage."""

from __future__ import annotations

from dataclasses import dataclass

SILENCE_DBOV = 127
SPEECH_DBOV = 45
"""Louder (smaller) than this counts as speech; a quiet room with a fan is at 55–65."""
STAGE_HOLD_SECONDS = 2.0
"""Who came on the stage stays at least so long."""
STAGE_MARGIN_DB = 3.0
STAGE_AFTER_SECONDS = 0.6
"""A challenger must be the loudest for so long: a cough or a dropped pen does not change the picture."""
LEVEL_MEMORY_SECONDS = 0.4
STALE_SECONDS = 0.5
"""Without a packet for so long (muted, discontinuous transmission) a microphone counts as silent."""


@dataclass(frozen=True, slots=True)
class Speakers:
    """`stage` is the seat shown large; `ranking` all microphones, the most recent speakers first."""

    stage: str | None
    ranking: tuple[str, ...]


class _Microphone:
    __slots__ = ("last_packet", "last_speech", "loudness")

    def __init__(self, now: float) -> None:
        self.loudness = 0.0
        self.last_packet = now
        self.last_speech = float("-inf")


class SpeakerChoice:
    """Levels of all microphones of one room. Seats are opaque names, in the order they came."""

    def __init__(self) -> None:
        self._microphones: dict[str, _Microphone] = {}
        self._stage: str | None = None
        self._stage_since = float("-inf")
        self._challenger: str | None = None
        self._challenger_since = 0.0

    def add(self, seat: str, now: float) -> None:
        self._microphones.setdefault(seat, _Microphone(now))

    def remove(self, seat: str) -> None:
        self._microphones.pop(seat, None)
        if self._stage == seat:
            self._stage = None

    def level(self, seat: str, dbov: int, now: float) -> None:
        """One packet's level, 0 (loudest) to 127 (silence) in −dBov."""
        microphone = self._microphones.get(seat)
        if microphone is None:
            return
        weight = min(1.0, (now - microphone.last_packet) / LEVEL_MEMORY_SECONDS)
        microphone.loudness += (SILENCE_DBOV - dbov - microphone.loudness) * max(weight, 0.02)
        microphone.last_packet = now

    def choose(self, now: float) -> Speakers:
        """The choice at `now`; call it a few times per second."""
        for microphone in self._microphones.values():
            if now - microphone.last_packet > STALE_SECONDS:
                microphone.loudness = 0.0
            if microphone.loudness >= SILENCE_DBOV - SPEECH_DBOV:
                microphone.last_speech = now
        self._choose_stage(now)
        order = sorted(self._microphones.items(), key=lambda item: -item[1].last_speech)
        ranking = [seat for seat, _ in order]
        if self._stage is not None:
            ranking.remove(self._stage)
            ranking.insert(0, self._stage)
        return Speakers(self._stage, tuple(ranking))

    def _choose_stage(self, now: float) -> None:
        if self._stage is None:
            if self._microphones:
                self._take_stage(self._loudest() or next(iter(self._microphones)), now)
            return
        loudest = self._loudest()
        if loudest is None or loudest == self._stage or not self._louder_than_stage(loudest):
            self._challenger = None
        elif loudest != self._challenger:
            self._challenger, self._challenger_since = loudest, now
        elif now - self._challenger_since >= STAGE_AFTER_SECONDS and now - self._stage_since >= STAGE_HOLD_SECONDS:
            self._take_stage(loudest, now)

    def _take_stage(self, seat: str, now: float) -> None:
        self._stage, self._stage_since, self._challenger = seat, now, None

    def _louder_than_stage(self, seat: str) -> bool:
        stage = self._microphones[self._stage] if self._stage else None
        return stage is None or self._microphones[seat].loudness >= stage.loudness + STAGE_MARGIN_DB

    def _loudest(self) -> str | None:
        speaking = [
            (microphone.loudness, seat)
            for seat, microphone in self._microphones.items()
            if microphone.loudness >= SILENCE_DBOV - SPEECH_DBOV
        ]
        return max(speaking)[1] if speaking else None
