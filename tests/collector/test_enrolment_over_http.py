from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from agent.wire.configuration import ProbesConfiguration, ThroughputWindow, parse_configuration
from collector import directory
from collector.http.enrolment import _enrolment_fields, node_configuration
from collector.http.problems import ProblemError
from collector.settings import CollectorSettings
from tests.collector.support import Hub, Node

FIELDS = {"hostname": "pc", "platform": "Linux", "version": "0.1.0"}


async def post(hub: Hub, **fields: object) -> httpx.Response:
    return await hub.client.post("/api/v1/enrol", json=fields)


async def test_a_token_makes_a_node_whose_key_works_at_once(hub: Hub, token: str) -> None:
    answer = await post(hub, token=token, **FIELDS, unknown_to_this_hub={"a": 1})
    assert answer.status_code == 201
    assert answer.json()["site"] == "vt"
    node = Node(hub.client, hub.clock, answer.json()["node"], answer.json()["key"])
    assert (await node.configuration()).status_code == 200


async def test_one_token_used_twice_at_once_makes_one_node(hub: Hub, token: str) -> None:
    answers = await asyncio.gather(*(post(hub, token=token, **FIELDS) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401]
    refused = next(answer for answer in answers if answer.status_code == 401)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["reason"] == "used"
    assert "Mã ghi danh đã được dùng." in refused.json()["detail"]


async def test_an_expired_token_is_refused_with_the_cure(hub: Hub, token: str) -> None:
    hub.clock.now += 86_401
    answer = await post(hub, token=token, **FIELDS)
    assert (answer.status_code, answer.json()["reason"]) == (401, "expired")
    assert "thongsuot agent token --site CODE" in answer.json()["detail"]


async def test_whoever_tries_too_often_waits(hub: Hub) -> None:
    answers = [await post(hub, token=f"ts-{'a' * 32}", **FIELDS) for _ in range(25)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 5
    assert int(answers[-1].headers["retry-after"]) == 5


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 5000, 400),
        (b'{"token": 1, "hostname": "a", "platform": "b", "version": "c"}', 400),
        (json.dumps({"token": "ts-x", **FIELDS}).encode(), 401),
        (b" " * 10_000, 413),
    ],
)
async def test_malformed_enrolments_are_refused(hub: Hub, content: bytes, status: int) -> None:
    answer = await hub.client.post("/api/v1/enrol", content=content)
    assert answer.status_code == status
    assert answer.json()["status"] == status


documents = st.recursive(st.text() | st.integers() | st.none(), st.lists).map(json.dumps).map(str.encode)


@given(st.binary(max_size=100) | documents)
def test_any_bytes_are_an_enrolment_or_malformed(content: bytes) -> None:
    with pytest.raises(ProblemError) as error:
        _enrolment_fields(content)
    assert error.value.status == 400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_names_of_machines_are_printable(hostname: str) -> None:
    found = _enrolment_fields(json.dumps({"token": "t", **FIELDS, "hostname": hostname}).encode())
    found["hostname"].encode()
    assert found["hostname"].isprintable()


async def test_a_node_is_told_its_lines_and_how_to_measure_them(hub: Hub, node: Node) -> None:
    answer = await node.configuration()
    configuration = parse_configuration(answer.json())
    assert (configuration.node, configuration.site) == (node.node, "vt")
    assert [line.line for line in configuration.lines] == ["vt-1", "vt-2"]
    assert configuration.lines[0].stamp.port == 8620
    assert answer.headers["x-thongsuot-time"] == f"{hub.clock.now:.3f}"


async def test_a_node_is_told_what_the_contract_promises_and_whether_a_meeting_runs(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        line = directory.find_line(session, "vt-1")
        assert line is not None
        line.contract_download_mbits, line.contract_upload_mbits = 150.0, -1.0
    await hub.collector.refresh()
    document = (await node.configuration()).json()
    configuration = parse_configuration(document)
    assert (configuration.lines[0].download_mbits, configuration.lines[0].upload_mbits) == (150.0, None)
    assert configuration.probes == ProbesConfiguration()
    assert not configuration.meeting_running
    hub.collector._meeting_runs = lambda site: site == "vt"
    assert parse_configuration((await node.configuration()).json()).meeting_running
    identity = next(iter(hub.collector.directory.by_key.values()))
    settings = CollectorSettings(Path("run"), probes=ProbesConfiguration(throughput=ThroughputWindow(1080, 1260)))
    during = node_configuration(identity, hub.collector.directory, settings, meeting_running=True)
    assert parse_configuration(json.loads(json.dumps(during.to_json()))) == during
    assert during.meeting_running


async def test_an_unchanged_configuration_is_not_sent_again(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    etag = (await node.configuration()).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = await node.configuration(known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (await node.configuration('"other"')).status_code == 200
    with sessions.begin() as session:
        line = directory.find_line(session, "vt-2")
        assert line is not None
        line.measured_by = None
    await hub.collector.refresh()
    changed = await node.configuration(etag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer wrong", "Bearer \xff"])
async def test_without_a_known_key_nothing_is_answered(hub: Hub, authorization: str | None) -> None:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    for method, path in (("GET", "/api/v1/node/config"), ("POST", "/api/v1/write")):
        answer = await hub.client.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_is_refused(hub: Hub, node: Node, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        directory.revoke_node(session, node.node, hub.clock.now)
    await hub.collector.refresh()
    assert (await node.configuration()).status_code == 401
    assert (await node.write([])).status_code == 401
    assert [one for site in hub.collector.snapshot(hub.clock.now).sites for one in site.nodes] == []


async def test_the_reflector_gets_the_keys_of_measured_lines(
    hub: Hub, token: str, tmp_path: Path, sessions: sessionmaker[Session]
) -> None:
    file = tmp_path / "run" / "stamp-sessions.json"
    await hub.collector.refresh()
    assert json.loads(file.read_text()) == {"sessions": {}}
    node = await hub.enrol(token)
    lines = parse_configuration((await node.configuration()).json()).lines
    assert json.loads(file.read_text()) == {"sessions": {str(one.stamp.ssid): one.stamp.key for one in lines}}
    assert file.stat().st_mode & 0o777 == 0o600
    with sessions.begin() as session:
        directory.revoke_node(session, node.node, hub.clock.now)
    await hub.collector.refresh()
    assert json.loads(file.read_text()) == {"sessions": {}}
