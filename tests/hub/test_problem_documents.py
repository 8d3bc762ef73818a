"""Every refusal is a problem document in Vietnamese and English that points to what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from hub.http import problems, validation_words
from tests.hub.hub_app import SECOND, HubApp


async def test_a_missing_field_is_named_in_both_languages(hub: HubApp) -> None:
    answer = await hub.client().post("/api/v1/session", json={"name": "lan"})
    document = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, problems.MEDIA_TYPE)
    assert document["errors"] == [{"field": "body.password", "vi": "còn thiếu", "en": "is missing"}]
    assert document["detail"] == "body.password còn thiếu / body.password is missing"


async def test_what_was_sent_is_never_said_again(hub: HubApp) -> None:
    answer = await hub.client().post("/api/v1/session", json={"name": ["rất kín"], "password": {"rất kín": 1}})
    assert answer.status_code == 422
    assert "kín" not in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/api/v1/nothing", 404), ("DELETE", "/healthz", 405), ("PUT", "/api/v1/session/code", 405),
])  # fmt: skip
async def test_the_frameworks_own_refusals_are_in_both_languages(
    hub: HubApp, method: str, path: str, status: int
) -> None:
    answer = await hub.client().request(method, path)
    document = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, problems.MEDIA_TYPE)
    assert (document["status"], document["title"]) == (status, problems.TITLES[status])
    assert " / " in document["detail"]
    assert status != 405 or answer.headers["allow"]


async def test_a_database_that_does_not_answer_is_said_without_the_statement(
    hub: HubApp, caplog: pytest.LogCaptureFixture
) -> None:

    with hub.sessions.begin() as session:
        session.execute(text("ALTER TABLE users RENAME TO users_away"))
    answer = await hub.sign_in(hub.client(), "lan", SECOND)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "does not answer" in answer.json()["detail"]
    assert SECOND not in answer.text + caplog.text
    assert "SELECT" not in answer.text + caplog.text


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.one_of(st.sampled_from(sorted(validation_words._WORDS)), st.text()),
                "loc": st.lists(st.one_of(st.text(), st.integers())).map(tuple),
            },
            optional={"ctx": st.dictionaries(st.text(), st.one_of(st.text(), st.integers()))},
        )
    )
)
def test_whatever_the_framework_finds_has_words(errors: list[dict[str, object]]) -> None:
    for one in validation_words.named(errors):
        assert one["vi"]
        assert one["en"]
