"""The OpenAPI says of each route what it does, what it takes and gives with examples that fit, how it refuses."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI

from hub.http.delivery_reports import PATH as RECEIPTS
from hub.http.openapi import operations
from hub.http.problems import MEDIA_TYPE
from tests.hub.conftest import data, database, database_url, hub, migrated, quick_passwords
from tests.hub.hub_app import HubApp

__all__ = ["data", "database", "database_url", "hub", "migrated", "quick_passwords"]

BINARY = frozenset({"application/x-protobuf", "multipart/form-data", "video/mp4"})


@pytest.fixture
def document(hub: HubApp) -> dict[str, Any]:
    return hub.app.openapi()


def bodies(operation: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Where, content type, content."""
    found = [("request", kind, content) for kind, content in _contents(operation.get("requestBody", {}))]
    for status, response in operation["responses"].items():
        found += [(status, kind, content) for kind, content in _contents(response)]
    return found


def _contents(holder: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(holder.get("content", {}).items())


def own_examples(document: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found = [content["example"]] if "example" in content else []
    found += [one["value"] for one in content.get("examples", {}).values()]
    return [*found, *schema.get("examples", [])]


def test_every_route_has_a_summary_of_its_own_and_its_own_id(document: dict[str, Any]) -> None:
    summaries = {f"{method} {path}": one.get("summary", "") for method, path, one in operations(document)}
    # FastAPI's own is the function's name with capitals.
    assert [name for name, summary in summaries.items() if not summary or summary == summary.title()] == []
    identifiers = [one["operationId"] for _, _, one in operations(document)]
    assert len(identifiers) == len(set(identifiers))


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    missing = [
        (method, path, where, kind)
        for method, path, one in operations(document)
        for where, kind, content in bodies(one)
        if kind not in BINARY and not own_examples(document, content)
    ]
    assert missing == []


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    wrong = []
    for method, path, one in operations(document):
        for where, kind, content in bodies(one):
            schema = {**content.get("schema", {}), "components": document["components"]}
            validator = jsonschema_rs.validator_for(schema)
            for example in own_examples(document, content):
                wrong += [
                    (method, path, where, kind, error.message, error.instance_path)
                    for error in validator.iter_errors(example)
                ]
    assert wrong == []


def test_every_refusal_is_a_problem_document_in_both_languages(document: dict[str, Any]) -> None:
    wrong = []
    for method, path, one in operations(document):
        refusals = {status: one["responses"][status] for status in one["responses"] if status >= "400"}
        if not {"429", "503"} <= refusals.keys():
            wrong.append((method, path, "429 or 503 is missing"))
        for status, response in refusals.items():
            kinds = list(response.get("content", {}))
            if kinds != [MEDIA_TYPE] or " / " not in response["description"]:
                wrong.append((method, path, f"{status} {kinds}"))
        if "security" in one and "401" not in refusals:
            wrong.append((method, path, "401 is missing"))
        if one.get("parameters") and "422" not in refusals:
            wrong.append((method, path, "422 is missing"))
    assert wrong == []


def test_every_route_of_the_api_is_in_it(hub: HubApp, document: dict[str, Any]) -> None:
    described = {(method, path) for method, path, _ in operations(document)}
    served = {(method, path) for method, path in routes(hub.app) if path.startswith("/api/")}
    # Bytes without meaning between a hub and its own nodes, what its own Alertmanager sends it, and what gateways of
    # messages call back with in their own formats.
    hidden = {("GET", "/api/v1/node/throughput"), ("POST", "/api/v1/node/throughput"), ("POST", "/api/v1/alerts")}
    hidden |= {(method, f"{RECEIPTS}/sms/{{key}}") for method in ("GET", "POST")} | {("POST", f"{RECEIPTS}/zns")}
    assert served - described <= hidden


def routes(app: FastAPI) -> list[tuple[str, str]]:
    from hub.http.rights import WEBSOCKET, declarations

    return [(one.method, one.path) for one in declarations(app.routes) if one.method != WEBSOCKET]
