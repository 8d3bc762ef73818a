"""What /openapi.json says of `POST /api/v1/node/events`."""

from __future__ import annotations

from typing import Any

_EVENT = {
    "sequence": 17,
    "time_ms": 1790000040000,
    "kind": "power.last_gasp",
    "severity": "critical",
    "subject": "ups",
    "detail": {"battery_ratio": 0.8},
}
EVENTS_REQUEST: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["epoch", "events"],
                "properties": {
                    "epoch": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
                    "events": {"type": "array", "minItems": 1, "maxItems": 500, "items": {"type": "object"}},
                },
            },
            "example": {"epoch": "0123456789abcdef", "events": [_EVENT]},
        }
    },
}
EVENTS_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Applied through that number",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["applied_through"],
                    "properties": {"applied_through": {"type": "integer"}},
                },
                "example": {"applied_through": 17},
            }
        },
    }
}
