"""Which source goes into which of a receiver's slots. One decision for all slots; knows no packets.

The slots of a receiver are fixed for the whole call: voice 0 always carries the microphone of who is on the stage,
because browsers keep lips and voice together only within one stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a peer sends."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"
    SCREEN_SOUND = "screen_sound"


VOICES = ("voice0", "voice1", "voice2")
STAGE = "stage"
SCREEN = "screen"
SCREEN_SOUND = "screen_sound"
THUMBNAILS = tuple(f"thumbnail{number}" for number in range(8))
SLOTS = (*VOICES, STAGE, *THUMBNAILS, SCREEN, SCREEN_SOUND)
AUDIO_SLOTS = frozenset((*VOICES, SCREEN_SOUND))


@dataclass(frozen=True, slots=True)
class RoomView:
    """The room as all receivers share it. `ranking` of seats by speech; `cameras` and `microphones` that are on, and
    whose `screen` is shown."""

    stage: str | None
    ranking: Sequence[str]
    cameras: Sequence[str]
    microphones: Sequence[str]
    screen: str | None = None
    screen_sound: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one receiver gets: slot → seat, and the seat to be shown large even while its camera is off."""

    stage: str | None
    seats: dict[str, str]


def assign(receiver: str, slots: Sequence[str], current: Mapping[str, str], view: RoomView) -> Assignment:
    """The slots of one receiver, changing as little as it can of `current`."""
    others = [seat for seat in view.ranking if seat != receiver]
    stage = view.stage if view.stage is not None and view.stage != receiver else (others[0] if others else None)
    assignment: dict[str, str] = {}
    cameras, microphones = frozenset(view.cameras), frozenset(view.microphones)
    if stage is not None:
        if STAGE in slots and stage in cameras:
            assignment[STAGE] = stage
        if VOICES[0] in slots and stage in microphones:
            assignment[VOICES[0]] = stage
    voices = [slot for slot in VOICES[1:] if slot in slots]
    speakers = [seat for seat in others if seat != stage and seat in microphones]
    assignment.update(_keep_places(voices, speakers[: len(voices)], current))
    if view.screen is not None and view.screen != receiver:
        if SCREEN in slots:
            assignment[SCREEN] = view.screen
        if SCREEN_SOUND in slots and view.screen_sound:
            assignment[SCREEN_SOUND] = view.screen
    thumbnails = [slot for slot in THUMBNAILS if slot in slots]
    pictures = [seat for seat in view.cameras if seat not in (receiver, stage)]
    held = [current[slot] for slot in thumbnails if current.get(slot) in pictures]
    waiting = [seat for seat in others if seat in pictures and seat not in held]
    wanted = (held + waiting)[: len(thumbnails)]
    assignment.update(_keep_places(thumbnails, wanted, current))
    return Assignment(stage, assignment)


def _keep_places(slots: Sequence[str], seats: Sequence[str], current: Mapping[str, str]) -> dict[str, str]:
    """Seats keep the slot they are in: a switch costs a key frame and the viewer's orientation."""
    placed = {slot: current[slot] for slot in slots if current.get(slot) in seats}
    free = [slot for slot in slots if slot not in placed]
    new = [seat for seat in seats if seat not in placed.values()]
    placed.update(zip(free, new, strict=False))
    return placed
