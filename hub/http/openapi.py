"""/openapi.json made complete: what each route demands, each refusal as a problem document, examples of bodies."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from hub.http.openapi_words import FURTHER, REQUESTS, RESPONSES, STATUSES, SUMMARIES
from hub.http.problems import MEDIA_TYPE, TITLES
from hub.http.rights import Declaration
from hub.http.sign_in import COOKIE

EXAMPLES = Path(__file__).with_name("openapi_examples.json")
PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457; `title` and `detail`: Vietnamese / English",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "description": "a word for programs"},
        "errors": {
            "type": "array",
            "description": "what is wrong with which field, in both languages",
            "items": {"type": "object"},
        },
    },
}
_SECURITY: dict[str, Any] = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "a person who signed in"},
    "token": {"type": "http", "scheme": "bearer", "description": "an API token (tsa_…) or a node's key"},
}
_UNUSED = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI, declared: Iterable[Declaration]) -> None:
    """Made once, when it is first asked for."""
    generate = app.openapi
    demands = {(one.method, one.path): one.access.kind for one in declared}
    made: list[dict[str, Any]] = []

    def complete() -> dict[str, Any]:
        if not made:
            made.append(_complete(copy.deepcopy(generate()), demands))
        return made[0]

    app.openapi = complete  # type: ignore[method-assign]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method in capitals, path, operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _complete(document: dict[str, Any], demands: dict[tuple[str, str], str]) -> dict[str, Any]:
    examples: dict[str, Any] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    document["components"]["securitySchemes"] = _SECURITY
    for method, path, operation in operations(document):
        name = f"{method} {path}"
        kind = demands.get((method, path), "public")
        if name in SUMMARIES:
            operation["summary"] = SUMMARIES[name]
        if kind != "public":
            operation["security"] = [{"token": []}] if kind == "node key" else [{"cookie": []}, {"token": []}]
        _set_bodies(name, operation)
        _name_parameters(path, operation)
        _add_refusals(name, kind, operation)
        _add_examples(examples.get(name, {}), operation)
    _share_examples(document)
    for unused in _UNUSED:
        schemas.pop(unused, None)
    for schema in schemas.values():
        for example in schema.get("examples", ()):
            _restore_nulls(example, schema, schemas)
    return document


def _restore_nulls(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """FastAPI leaves every null out of the document, those of examples too."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    match example:
        case dict():
            properties = schema.get("properties", {})
            for name in schema.get("required", ()):
                if name not in example and {"type": "null"} in properties[name].get("anyOf", ()):
                    example[name] = None
            for name, value in example.items():
                for one in properties.get(name, {}).get("anyOf", [properties.get(name, {})]):
                    _restore_nulls(value, one, schemas)
        case list():
            for value in example:
                _restore_nulls(value, schema.get("items", {}), schemas)


def _set_bodies(name: str, operation: dict[str, Any]) -> None:
    if name in REQUESTS:
        operation["requestBody"] = {"required": True, "content": copy.deepcopy(REQUESTS[name])}
    if name in RESPONSES:
        success = STATUSES.get(name, _success(operation))
        described = operation["responses"].pop(_success(operation))
        operation["responses"][success] = {
            "description": described["description"],
            **({"content": copy.deepcopy(RESPONSES[name])} if RESPONSES[name] else {}),
        }


def _name_parameters(path: str, operation: dict[str, Any]) -> None:
    """Those of the address that a raw route does not declare."""
    known = {one["name"] for one in operation.get("parameters", ())}
    missing = [name for name in re.findall(r"{(\w+)}", path) if name not in known]
    if missing:
        operation["parameters"] = operation.get("parameters", []) + [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in missing
        ]


def _add_refusals(name: str, kind: str, operation: dict[str, Any]) -> None:
    statuses = {429, 503, *FURTHER.get(name, ())}
    if kind not in ("public", "node key"):
        statuses |= {401, 403}
    if operation.get("parameters"):
        statuses.add(422)
    if any(one["in"] == "path" for one in operation.get("parameters", ())):
        statuses |= {404, 409}
    if "requestBody" in operation:
        statuses |= {400, 409, 413, 415, 422}
    responses = operation["responses"]
    for status in sorted(statuses):
        given = responses.get(str(status), {})
        if MEDIA_TYPE not in given.get("content", {}):
            responses[str(status)] = _refusal(status)


def _refusal(status: int) -> dict[str, Any]:
    example = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": TITLES[status]}
    return {
        "description": TITLES[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }


def _add_examples(found: dict[str, Any], operation: dict[str, Any]) -> None:
    contents = operation["responses"].get(_success(operation), {}).get("content", {})
    if "response" in found:
        for content in contents.values():
            content.setdefault("example", found["response"])
    if "request" in found:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content.setdefault("example", found["request"])


def _share_examples(document: dict[str, Any]) -> None:
    """What several routes answer alike has an example when one of them has."""
    known: dict[str, Any] = {}
    contents = [
        content
        for _, _, operation in operations(document)
        for content in operation["responses"].get(_success(operation), {}).get("content", {}).values()
    ]
    for act in (_learn, _teach):
        for content in contents:
            act(content, known)


def _learn(content: dict[str, Any], known: dict[str, Any]) -> None:
    shape = content.get("schema", {}).get("$ref")
    if shape and "example" in content:
        known.setdefault(shape, content["example"])


def _teach(content: dict[str, Any], known: dict[str, Any]) -> None:
    shape = content.get("schema", {}).get("$ref")
    if shape in known:
        content.setdefault("example", known[shape])


def _success(operation: dict[str, Any]) -> str:
    return next(str(status) for status in operation["responses"] if status.startswith("2"))
