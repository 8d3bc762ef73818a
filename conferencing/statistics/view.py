"""A meeting's figures as one document: what the technicians' page shows. docs/protocol.md, 5."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from conferencing.live import LiveMeeting
from conferencing.meeting.state import Seat
from conferencing.statistics.quality import PeerQuality, StreamQuality
from conferencing.workers.link import WorkerLink


def meeting_figures(live: LiveMeeting, qualities: Mapping[str, PeerQuality], now: float) -> dict[str, Any]:
    """Plain JSON. Seats that are there, in the order they came; `worker` None when no worker holds the room."""
    names = {seat.seat: seat.name for seat in live.meeting.seats.values()}
    return {
        "code": live.stored.code,
        "title": live.stored.title,
        "at": now,
        "speaker": names.get(live.meeting.speaker or ""),
        "worker": _worker(live.link) if live.link is not None else None,
        "seats": [_seat(live, seat, qualities.get(seat.peer or ""), names) for seat in live.meeting.present()],
    }


def _worker(link: WorkerLink) -> dict[str, Any]:
    told = link.statistics
    return {
        "name": link.name,
        "connected": link.connected,
        "resident_bytes": told.resident_bytes if told is not None else None,
        "peers": len(told.peers) if told is not None else None,
        "drops": dict(told.drops) if told is not None else {},
    }


def _seat(live: LiveMeeting, seat: Seat, quality: PeerQuality | None, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "seat": seat.seat,
        "name": seat.name,
        "site": seat.site,
        "presence": seat.presence.value,
        "microphone": seat.microphone,
        "camera": seat.camera,
        "transport": live.transports.get(seat.seat),
        "quality": _peer(quality, names) if quality is not None else None,
    }


def _peer(quality: PeerQuality, names: Mapping[str, str]) -> dict[str, Any]:
    document = {
        field.name: getattr(quality, field.name)
        for field in dataclasses.fields(quality)
        if field.name not in ("peer", "up", "down")
    }
    document["up"] = [_stream(one, names) for one in quality.up]
    document["down"] = [_stream(one, names) for one in quality.down]
    return document


def _stream(stream: StreamQuality, names: Mapping[str, str]) -> dict[str, Any]:
    document = dataclasses.asdict(stream)
    document["from"] = names.get(document.pop("seat") or "")
    return document
