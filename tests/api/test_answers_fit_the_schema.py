"""Requests made up from the OpenAPI, right and wrong ones: no fault of ours, and each answer as it was described."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Api

REQUESTS_PER_ROUTE = 2
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NOT_FOR_TOKENS = ("/api/v1/users", "/api/v1/account", "/api/v1/halls", "/api/v1/audit", "/api/v1/session")
LEFT_OUT = frozenset({("POST", "/api/v1/write")})
"""Its bodies are no text; tests/collector/test_decoding_remote_write.py makes them up."""
SLOW = frozenset({"/api/v1/directory/presets/{name}"})
"""Each takes seconds: one request of each kind."""


@pytest.fixture(scope="module")
def described(api: Api) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(api.document)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.name)
def test_no_request_finds_a_fault(api: Api, described: schemathesis.BaseSchema, mode: GenerationMode) -> None:
    token = {"Authorization": f"Bearer {api.token}"}
    wrong = []
    statuses: Counter[int] = Counter()
    for found in described.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        headers = token
        if operation.path.startswith(NOT_FOR_TOKENS):
            # One each: wrong codes and passwords end a session.
            headers = {"Cookie": api.sign_in(), "Origin": api.url}
        if mode is GenerationMode.NEGATIVE and not _takes_anything(operation.definition.raw):
            continue

        try:
            _ask(operation, mode, api.url, headers, statuses)
        except Unsatisfiable:
            # Of an address in which anything may stand no request is wrong.
            assert mode is GenerationMode.NEGATIVE
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - all routes are told of at once
            wrong.append(f"{operation.method.upper()} {operation.path}\n{error}")
    assert wrong == [], "\n\n".join(wrong)
    # Neither was everything refused at the door, nor did anything end what it is asked with.
    assert sum(count for status, count in statuses.items() if status not in (401, 403, 429)) > 200, statuses
    assert httpx.get(f"{api.url}/api/v1/directory/sites", headers=token, timeout=20).status_code == 200


def _takes_anything(definition: dict[str, object]) -> bool:
    return bool(definition.get("parameters") or definition.get("requestBody"))


def _ask(
    operation: schemathesis.APIOperation[Any, Any, Any, Any], mode: GenerationMode, url: str, headers: dict[str, str],
    statuses: Counter[int],
) -> None:  # fmt: skip
    """Raises what schemathesis finds wrong."""

    @seed(2026)
    @settings(
        max_examples=1 if operation.path in SLOW else REQUESTS_PER_ROUTE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        answer = case.call(base_url=url, headers=headers, timeout=20)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    ask()
