"""What OpenAPI and the models say of the directory."""

from __future__ import annotations

from collector.directory.nouns import NOUNS
from collector.http.directory_models import FIELDS
from collector.http.directory_objects import models_of
from hub.http.rights import declarations
from tests.collector.directory.directory_api import ON_SQLITE, Api, api

__all__ = ["api"]


def test_every_noun_is_described_as_it_is_stored() -> None:
    for noun in NOUNS.values():
        models = models_of(noun)
        names = [field.name for field in noun.fields]
        assert list(models.fields.model_fields) == names
        assert set(models.shown.model_fields) - {"key", "names", "measured_by"} == set(names)
        assert set(models.changes.model_fields) == {field.name for field in noun.fields if not field.fixed}
        for field in noun.fields:
            if field.kind.choices is not None:
                schema = models.fields.model_json_schema()["properties"][field.name]
                assert set(schema["enum"]) == set(field.kind.choices)
        for model in (FIELDS[noun.name], models.shown, models.changes):
            for example in model.model_json_schema()["examples"]:
                model.model_validate(example)


@ON_SQLITE
async def test_openapi_tells_of_every_error_as_a_problem(api: Api) -> None:
    document = api.app.openapi()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) == len({one["operationId"] for one in operations}) >= 50
    for one in operations:
        for status, answer in one["responses"].items():
            if int(status) >= 400:
                assert set(answer["content"]) == {"application/problem+json"}, (one["operationId"], status)
        assert {"401", "403", "422", "429"} <= set(one["responses"])
        assert one["summary"]
    assert {declared.access.kind for declared in declarations(api.app.routes)} <= {"action", "public"}
