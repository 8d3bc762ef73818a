"""What /openapi.json says of routes that do not say it themselves: summaries, and the shapes of raw answers."""

from __future__ import annotations

from typing import Any

SUMMARIES: dict[str, str] = {
    "POST /api/v1/enrol": "A machine becomes a node by its one-time token",
    "GET /api/v1/node/config": "What a node measures; by ETag",
    "POST /api/v1/write": "Samples of a node: Prometheus remote write 1.0, snappy",
    "GET /api/v1/alerts": "The last alerts, firing and resolved, the newest first",
    "GET /api/v1/sd/nodes": "Machines that run an agent, for Prometheus' http_sd_configs",
    "GET /api/v1/sd/devices": "Devices with an address, for Prometheus' http_sd_configs",
    "GET /api/v1/sd/blackbox": "What to probe and by which module, for Prometheus' http_sd_configs",
    "GET /api/v1/oncall": "What the on-call bridge says of itself: channels, who is there, what waits",
    "GET /api/v1/oncall/figures": "Troubles by week, time to take them, noise of each rule",
    "GET /api/v1/troubles": "Troubles (alert groups), the newest first",
    "GET /api/v1/troubles/{number}": "One trouble with its history and who was told by which channel",
    "POST /api/v1/troubles/{number}/acknowledge": "Take a trouble; its escalation stops",
    "POST /api/v1/troubles/{number}/hand-back": "Hand a trouble back; the next on the rota are told at once",
    "POST /api/v1/troubles/{number}/notes": "Note something on a trouble",
    "GET /api/v1/oncall/rota": "Who is on duty: calendar of two weeks, rotations, substitutes",
    "GET /api/v1/oncall/rota.ics": "The rota of this week and the next twelve as iCalendar",
    "POST /api/v1/oncall/rota/import": "Read a changed calendar back: substitutes, tried first",
    "PUT /api/v1/oncall/rotations": "Set all rotations",
    "POST /api/v1/oncall/substitutes": "Let somebody stand in, or two people swap",
    "DELETE /api/v1/oncall/substitutes/{number}": "Withdraw a substitute",
    "GET /api/v1/oncall/people": "People with their contacts, quiet hours and language",
    "PUT /api/v1/oncall/people/{code}": "Set a person's contacts, quiet hours and language",
    "POST /api/v1/oncall/people/{code}/contacts/{position}/test": "Send a test message to a contact of a person",
    "GET /api/v1/maintenance": "Maintenance windows: past month, running, to come",
    "POST /api/v1/maintenance": "Announce maintenance; alerts within page nobody",
    "DELETE /api/v1/maintenance/{number}": "End or withdraw a maintenance window",
    "POST /api/v1/meetings": "Create a meeting",
    "GET /api/v1/meetings": "Meetings that are open, and who is in them",
    "GET /api/v1/meetings/{code}": "One meeting, for whoever has its code",
    "POST /api/v1/meetings/{code}/close": "Close a meeting for everybody",
    "POST /api/v1/meetings/{code}/recording": "Begin to record a meeting; all pages show it",
    "DELETE /api/v1/meetings/{code}/recording": "End the recording",
    "GET /api/v1/meetings/{code}/recordings": "Recordings of a meeting, the newest first",
    "POST /api/v1/meetings/{code}/recordings/{name}/composition": "Have one video made of a recording",
    "GET /api/v1/meetings/{code}/recordings/{name}/video": "That video, once it is made",
    "POST /api/v1/meetings/{code}/streams": "Make a token for an encoder (WHIP) or a second screen (WHEP)",
    "GET /api/v1/meetings/{code}/streams": "Tokens of encoders and second screens",
    "DELETE /api/v1/meetings/{code}/streams/{stream}": "Take such a token back, ending its stream",
    "GET /api/v1/meetings/{code}/statistics": "How the media of every bridge point do now",
    "GET /api/v1/session": "Who is signed in, what they may do, and the next step of signing in",
    "POST /api/v1/session": "Sign in with name and password",
    "DELETE /api/v1/session": "Sign out",
    "POST /api/v1/session/code": "Second step: a code of the authenticator, or a recovery code",
    "POST /api/v1/session/unlock": "Unlock an idle session",
    "POST /api/v1/session/password": "Change the own password",
    "GET /api/v1/account": "The own account: sessions, second factor",
    "POST /api/v1/account/totp": "Begin to set up an authenticator",
    "POST /api/v1/account/totp/confirm": "Confirm it with its first code; gives recovery codes",
    "POST /api/v1/account/totp/remove": "Remove the own authenticator",
    "POST /api/v1/account/recovery-codes": "New recovery codes; the old ones end",
    "DELETE /api/v1/account/sessions/{session_id}": "End one of the own sessions",
    "GET /api/v1/account/tokens": "The own API tokens",
    "POST /api/v1/account/tokens": "Make an API token; shown this once",
    "DELETE /api/v1/account/tokens/{token_id}": "Revoke an API token",
    "GET /api/v1/users": "Users, with what they may do",
    "POST /api/v1/users": "Add a user; gives a one-time password",
    "GET /api/v1/users/units": "Units to grant a role on, searched",
    "PATCH /api/v1/users/{name}": "Rename, disable or enable a user",
    "POST /api/v1/users/{name}/one-time-password": "A new one-time password",
    "DELETE /api/v1/users/{name}/totp": "Take the authenticator off somebody who lost it",
    "POST /api/v1/users/{name}/grants": "Grant a role on a unit",
    "DELETE /api/v1/users/{name}/grants/{grant_id}": "Take a role back",
    "GET /api/v1/halls/{site}/access": "The links by which a hall signs in without an account",
    "POST /api/v1/halls/{site}/access": "Make such a link; shown this once",
    "DELETE /api/v1/halls/{site}/access/{access_id}": "Revoke such a link",
    "POST /api/v1/hall-session": "A hall's PC signs in with its link",
    "GET /api/v1/audit": "The audit log, the newest first",
    "GET /api/v1/audit/proof": "Whether the chain of the audit log is whole",
    "GET /api/v1/audit/export.json": "The whole audit log as JSON",
    "GET /api/v1/audit/export.csv": "The whole audit log as CSV",
    "GET /api/v1/board": "All sites with the present state of their lines and nodes",
    "GET /api/v1/board/sites/{code}/history": "Minutes of a site's lines and nodes",
    "GET /metrics": "What the hub knows, for Prometheus",
    "GET /api/v1/install-line": "The line that installs a node, without a token",
    "GET /api/v1/sites/{site}/enrolment-tokens": "Enrolment tokens of a site",
    "POST /api/v1/sites/{site}/enrolment-tokens": "Make an enrolment token, with the line to paste",
    "DELETE /api/v1/sites/{site}/enrolment-tokens/{token_id}": "Take an enrolment token back",
    "GET /api/v1/sites/{site}/writers": "Programs of others that write samples for a site",
    "POST /api/v1/sites/{site}/writers": "Let a program of others write samples for a site: its token",
    "DELETE /api/v1/sites/{site}/writers/{writer}": "Take a writer's token back",
    "GET /healthz": "Says that the hub answers",
}

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": fields}


REQUESTS: dict[str, dict[str, Any]] = {
    "POST /api/v1/enrol": {
        "application/json": {"schema": _object(token=_TEXT, hostname=_TEXT, platform=_TEXT, version=_TEXT)}
    },
    "POST /api/v1/write": {"application/x-protobuf": {"schema": {"type": "string", "format": "binary"}}},
    "POST /api/v1/meetings": {
        "application/json": {"schema": _object(title={"type": "string", "minLength": 1, "maxLength": 120})}
    },
    "POST /api/v1/meetings/{code}/streams": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["kind", "name"],
                "properties": {
                    "kind": {"enum": ["whip", "whep"]},
                    "name": {"type": "string", "minLength": 1, "maxLength": 80},
                    "hours": {"type": "integer", "minimum": 1, "maximum": 744},
                },
            }
        }
    },
}
_MEETING = {"code": _TEXT, "title": _TEXT}
_STREAM = {
    "id": _TEXT,
    "kind": _TEXT,
    "name": _TEXT,
    "created_by": _TEXT,
    "created_at": {"type": "number"},
    "expires_at": {"type": "number"},
    "good": {"type": "boolean"},
    "live": {"type": "boolean"},
}
RESPONSES: dict[str, dict[str, Any]] = {
    "POST /api/v1/enrol": {"application/json": {"schema": _object(node=_TEXT, key=_TEXT, site=_TEXT)}},
    "GET /api/v1/node/config": {
        "application/json": {
            "schema": _object(
                node=_TEXT, site=_TEXT, sampling_interval_seconds={"type": "integer"},
                lines={"type": "array", "items": {"type": "object"}},
            )
        }
    },
    "POST /api/v1/write": {},
    "POST /api/v1/meetings": {"application/json": {"schema": _object(**_MEETING, url=_TEXT)}},
    "GET /api/v1/meetings": {
        "application/json": {
            "schema": _object(
                meetings={
                    "type": "array",
                    "items": _object(
                        **_MEETING, created_at={"type": "number"}, created_by=_TEXT, url=_TEXT,
                        participants={
                            "type": "array", "items": _object(name=_TEXT, site=_MAYBE, presence=_TEXT),
                        },
                    ),
                }
            )
        }
    },
    "GET /api/v1/meetings/{code}": {
        "application/json": {"schema": _object(**_MEETING, open={"type": "boolean"}, you=_MAYBE, site=_MAYBE)}
    },
    "POST /api/v1/meetings/{code}/close": {
        "application/json": {"schema": _object(**_MEETING, open={"type": "boolean"})}
    },
    "POST /api/v1/meetings/{code}/recording": {
        "application/json": {"schema": _object(code=_TEXT, recording=_MAYBE)}
    },
    "DELETE /api/v1/meetings/{code}/recording": {
        "application/json": {"schema": _object(code=_TEXT, recording=_MAYBE, stopped=_MAYBE)}
    },
    "GET /api/v1/meetings/{code}/recordings": {
        "application/json": {
            "schema": _object(code=_TEXT, recording=_MAYBE, recordings={"type": "array", "items": {"type": "object"}})
        }
    },
    "POST /api/v1/meetings/{code}/recordings/{name}/composition": {
        "application/json": {"schema": _object(state=_TEXT, progress={"type": "number"}, detail=_TEXT)}
    },
    "GET /api/v1/meetings/{code}/recordings/{name}/video": {
        "video/mp4": {"schema": {"type": "string", "format": "binary"}}
    },
    "POST /api/v1/meetings/{code}/streams": {
        "application/json": {"schema": _object(**_STREAM, token=_TEXT, url=_TEXT)}
    },
    "GET /api/v1/meetings/{code}/streams": {
        "application/json": {"schema": _object(streams={"type": "array", "items": _object(**_STREAM)})}
    },
    "GET /api/v1/meetings/{code}/statistics": {
        "application/json": {
            "schema": _object(
                **_MEETING, at={"type": "number"}, speaker=_MAYBE, worker={"type": ["object", "null"]},
                seats={
                    "type": "array",
                    "items": _object(
                        seat=_TEXT, name=_TEXT, site=_MAYBE, presence=_TEXT, microphone={"type": "boolean"},
                        camera={"type": "boolean"}, transport=_MAYBE, quality={"type": ["object", "null"]},
                    ),
                },
            )
        }
    },
    "GET /metrics": {"text/plain": {"schema": _TEXT}},
    "GET /api/v1/audit/export.json": {
        "application/json": {"schema": {"type": "array", "items": {"type": "object"}}}
    },
    "GET /api/v1/audit/export.csv": {"text/csv": {"schema": _TEXT}},
}  # fmt: skip
"""By content type, in place of what FastAPI knows of an answer that the route writes itself."""

STATUSES: dict[str, str] = {"POST /api/v1/enrol": "201", "POST /api/v1/write": "204"}
"""Of success, where it is not what FastAPI takes it for."""

FURTHER: dict[str, tuple[int, ...]] = {
    "POST /api/v1/enrol": (400, 401, 408, 413),
    "GET /api/v1/node/config": (401,),
    "POST /api/v1/write": (400, 401, 408, 413, 415),
    "POST /api/v1/node/events": (400, 401, 408, 409, 413, 415),
    "GET /metrics": (401, 403),
    "POST /api/v1/session": (401, 409),
    "POST /api/v1/hall-session": (401,),
}
"""Refusals beyond those that follow from what a route demands and takes."""
