"""Lists without a version of their own get one: whoever has it is not sent it again, a change is."""

from __future__ import annotations

import pytest

from tests.hub.hub_app import SECOND, HubApp


@pytest.mark.parametrize("path", ["/api/v1/users", "/api/v1/meetings", "/api/v1/account", "/api/v1/account/tokens"])
async def test_what_is_known_is_not_sent_again(hub: HubApp, path: str) -> None:
    client = hub.client()
    await hub.administrator("lan", client)
    first = await client.get(path)
    assert first.headers["cache-control"] == "private, no-cache"
    etag = first.headers["etag"]
    again = await client.get(path, headers={"If-None-Match": f'"else", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert "content-type" not in again.headers
    assert (await client.get(path, headers={"If-None-Match": '"else"'})).status_code == 200


async def test_a_change_is_sent(hub: HubApp) -> None:
    client = hub.client()
    await hub.administrator("lan", client)
    etag = (await client.get("/api/v1/users")).headers["etag"]
    hub.add("chi", SECOND, "secretary")
    changed = await client.get("/api/v1/users", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert "chi" in changed.text


async def test_a_refusal_has_no_version(hub: HubApp) -> None:
    refused = await hub.client().get("/api/v1/users", headers={"If-None-Match": "*"})
    assert (refused.status_code, "etag" in refused.headers) == (401, False)
