"""What a gateway calls back with: only with its key, bounded, whatever it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.http.delivery_reports import MAX_BODY_BYTES
from tests.hub.hub_app import HubApp, open_hub

OA_SECRET = "oa-secret"
CHANNELS = """
[sms]
preset = "esms"
[zns]
app_id = "42"
template = "1"
[zns.parameters]
diem = "place"
"""
SECRETS = {
    "sms.api_key": "a", "sms.secret_key": "b", "sms.brandname": "c",
    "zns.app_secret": "d", "zns.refresh_token": "e", "zns.webhook_secret": OA_SECRET,
}  # fmt: skip


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubApp]:
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "channels.toml").write_text(CHANNELS)
    for name, value in SECRETS.items():
        (tmp_path / "secrets" / name).write_text(value)
        (tmp_path / "secrets" / name).chmod(0o600)
    async for found in open_hub(tmp_path):
        yield found


def sms(hub: HubApp) -> str:
    return f"/api/v1/oncall/receipts/sms/{(hub.data / 'secrets' / 'sms.callback_key').read_text().strip()}"


def taken(hub: HubApp) -> list[tuple[str, str, str]]:
    queue = hub.bridge.posting._receipts
    found = [queue.get_nowait() for _ in range(queue.qsize())]
    return [(one.channel, one.receipt, one.result.value) for one in found]


def signed(event: dict[str, Any], secret: str = OA_SECRET) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(event).encode()
    timestamp = str(event.get("timestamp", ""))
    mac = hashlib.sha256(b"42" + body + timestamp.encode() + secret.encode()).hexdigest()
    return body, {"X-ZEvent-Signature": f"mac={mac}"}


ARRIVED = {
    "event_name": "user_received_message", "app_id": "42", "timestamp": "1790000000000",
    "message": {"msg_id": "m1", "delivery_time": "1790000000000"},
}  # fmt: skip


async def test_the_gateway_says_that_a_message_arrived_in_its_own_way(hub: HubApp) -> None:
    client, path = hub.client(), sms(hub)
    assert (await client.get(path, params={"SMSID": "s1", "SendStatus": "5"})).status_code == 200
    assert (await client.post(path, json={"SMSID": "s2", "SendStatus": 4})).status_code == 200
    assert (await client.post(path, data={"SMSID": "s3", "SendStatus": "5"})).status_code == 200
    assert (await client.post(path, json={"SMSID": "s4", "SendStatus": "1"})).status_code == 200
    assert taken(hub) == [("sms", "s1", "delivered"), ("sms", "s2", "refused"), ("sms", "s3", "delivered")]


async def test_zalo_says_that_a_message_arrived(hub: HubApp) -> None:
    body, headers = signed(ARRIVED)
    answer = await hub.client().post("/api/v1/oncall/receipts/zns", content=body, headers=headers)
    assert answer.status_code == 200
    assert taken(hub) == [("zns", "m1", "delivered")]


async def test_without_the_key_nothing_is_believed(hub: HubApp) -> None:
    client = hub.client()
    body, headers = signed(ARRIVED, "another")
    said = [
        await client.get("/api/v1/oncall/receipts/sms/another", params={"SMSID": "s1", "SendStatus": "5"}),
        await client.post("/api/v1/oncall/receipts/zns", content=body, headers=headers),
        await client.post("/api/v1/oncall/receipts/zns", content=body),
    ]
    assert [one.status_code for one in said] == [404, 404, 404]
    assert taken(hub) == []


async def test_too_long_a_body_is_refused(hub: HubApp) -> None:
    assert (await hub.client().post(sms(hub), content=b"x" * (MAX_BODY_BYTES + 1))).status_code == 413


async def test_one_address_cannot_flood(hub: HubApp) -> None:
    client = hub.client()
    said = [(await client.get("/api/v1/oncall/receipts/sms/x")).status_code for _ in range(201)]
    assert (said[0], said[-1]) == (404, 429)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["SMSID", "SendStatus", "message", "msg_id", "event_name"]), inner, max_size=4),
    max_leaves=8,
).map(lambda found: json.dumps(found).encode())))  # fmt: skip
async def test_rubbish_is_answered(hub: HubApp, body: bytes) -> None:
    hub.clock.now += 1
    client: httpx.AsyncClient = hub.client()
    assert (await client.post(sms(hub), content=body)).status_code == 200
    assert (await client.post("/api/v1/oncall/receipts/zns", content=body)).status_code == 404
