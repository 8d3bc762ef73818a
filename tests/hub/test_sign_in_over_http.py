"""Signing in over HTTP: steps, cookies that hold and cookies that do not, limits, idle lock, other origins."""

from __future__ import annotations

import logging

import httpx
import pyotp
import pytest
from sqlalchemy import select

from collector import audit
from collector.accounts import sign_ins
from collector.tables import User
from hub.http import problems
from hub.http.sign_in import COOKIE, IDLE_HEADER
from hub.http.sign_in_limits import DEVICE_COOKIE
from tests.hub.hub_app import FIRST, SECOND, HubApp
from tests.postgres import on_both_databases

pytestmark = on_both_databases

SESSION = "/api/v1/session"


async def test_the_one_time_password_opens_only_the_way_to_a_new_one(hub: HubApp) -> None:
    client = hub.client()
    hub.add("lan", FIRST, "leader", must_change_password=True)
    assert (await client.get("/api/v1/board")).status_code == 401
    answer = await hub.sign_in(client, "lan", FIRST)
    assert (answer.json()["next"], answer.json()["display_name"]) == ("new_password", "Lan")
    refused = await client.get("/api/v1/board")
    assert (refused.status_code, refused.headers["content-type"]) == (403, problems.MEDIA_TYPE)
    assert refused.json()["reason"] == "new_password"
    changed = await client.post(f"{SESSION}/password", json={"old": FIRST, "new": SECOND})
    assert (changed.status_code, changed.json()["next"]) == (200, "")
    assert (await client.get("/api/v1/board")).status_code == 200
    assert (await hub.sign_in(hub.client(), "lan", FIRST)).status_code == 401


async def test_an_administrator_gets_in_by_password_and_code_only(hub: HubApp) -> None:
    client = hub.client()
    hub.add("admin", SECOND, "administrator")
    assert (await hub.sign_in(client, "admin", SECOND)).json()["next"] == "set_up_totp"
    assert (await client.get("/api/v1/users")).json()["reason"] == "set_up_totp"
    offered = (await client.post("/api/v1/account/totp", json={})).json()
    assert offered["qr"].startswith("data:image/svg+xml")
    assert pyotp.parse_uri(offered["uri"]).name == "admin"
    wrong = await client.post("/api/v1/account/totp/confirm", json={"code": "000000"})
    assert (wrong.status_code, wrong.json()["reason"]) == (422, "code")
    totp = pyotp.TOTP(offered["secret"])
    done = await client.post("/api/v1/account/totp/confirm", json={"code": totp.at(int(hub.clock.now))})
    codes = done.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert done.json()["person"]["next"] == ""
    assert (await client.get("/api/v1/users")).status_code == 200

    hub.clock.now += 60
    again = hub.client()
    assert (await hub.sign_in(again, "admin", SECOND)).json()["next"] == "code"
    assert (await again.get("/api/v1/users")).json()["reason"] == "code"
    # A step that waits for its code opens no other door either.
    for path in ("/api/v1/account/totp", "/api/v1/account/totp/confirm", f"{SESSION}/password"):
        body = {"code": "123456", "old": SECOND, "new": FIRST}
        assert (await again.post(path, json=body)).status_code == 403, path
    assert (await again.post(f"{SESSION}/code", json={"code": "000000"})).status_code == 401
    right = await again.post(f"{SESSION}/code", json={"code": totp.at(int(hub.clock.now))})
    assert (right.status_code, right.json()["next"]) == (200, "")
    assert (await again.get("/api/v1/users")).status_code == 200


async def test_a_replayed_code_is_refused_and_written_down(hub: HubApp, caplog: pytest.LogCaptureFixture) -> None:
    totp, recovery = await hub.administrator("admin")
    hub.clock.now += 60
    code = totp.at(int(hub.clock.now))
    for expected in (200, 401):
        client = hub.client()
        await hub.sign_in(client, "admin", SECOND)
        assert (await client.post(f"{SESSION}/code", json={"code": code})).status_code == expected
    assert "x replayed code of admin" in caplog.text
    for expected in (200, 401):
        client = hub.client()
        await hub.sign_in(client, "admin", SECOND)
        assert (await client.post(f"{SESSION}/code", json={"code": recovery[0]})).status_code == expected
    actions = hub.audited()
    assert actions.count("sign_in.replayed_code") == 2
    with hub.sessions() as session:
        last = next(one for one in audit.latest(session, 10) if one.action == "sign_in.succeeded")
        assert last.detail == {"with": "recovery code", "left": 9}


async def test_a_changed_password_ends_the_other_sessions(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    elsewhere, here = hub.client(), hub.client()
    for client in (elsewhere, here):
        await hub.sign_in(client, "lan", SECOND)
    before = here.cookies[COOKIE]
    await here.post(f"{SESSION}/password", json={"old": SECOND, "new": "một mật khẩu khác hẳn"})
    assert (await elsewhere.get(SESSION)).status_code == 401
    assert (await here.get(SESSION)).status_code == 200
    assert (await hub.client({COOKIE: before}).get(SESSION)).status_code == 401


@pytest.mark.parametrize("new", ["short", SECOND, "password123", "lan lan lan lan", "aaaaaaaaaaaaaa"])
async def test_a_password_against_the_rules_is_refused_with_words(hub: HubApp, new: str) -> None:
    hub.add("lan", SECOND, "leader")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    answer = await client.post(f"{SESSION}/password", json={"old": SECOND, "new": new})
    assert answer.status_code == 422
    assert "mật khẩu" in answer.json()["detail"].lower()


@pytest.mark.parametrize("forged", ["x", "eyJ1IjoibGFuIn0.AAAA.BBBB", "a" * 5000])
async def test_a_forged_cookie_is_nobody(hub: HubApp, forged: str, caplog: pytest.LogCaptureFixture) -> None:
    assert (await hub.client({COOKIE: forged}).get(SESSION)).status_code == 401
    assert len(forged) > 100 or "x unknown session cookie" in caplog.text


async def test_a_cookie_that_was_stolen_ends_with_its_session(hub: HubApp, caplog: pytest.LogCaptureFixture) -> None:
    hub.add("lan", SECOND, "leader")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    thief = hub.client({COOKIE: client.cookies[COOKIE]})
    assert (await thief.get(SESSION)).status_code == 200
    listed = (await client.get("/api/v1/account")).json()["sessions"]
    assert [one["this"] for one in listed] == [True]
    assert (await client.delete(SESSION)).status_code == 204
    assert (await thief.get(SESSION)).status_code == 401
    assert "x ended session (signed out) of lan" in caplog.text


async def test_a_session_is_listed_and_ended_from_another_browser(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    hub.add("nam", SECOND, "leader")
    one, other, stranger = hub.client(), hub.client(), hub.client()
    for client, name in ((one, "lan"), (other, "lan"), (stranger, "nam")):
        client.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Chrome/109.0 Safari/537.36"
        await hub.sign_in(client, name, SECOND)
    listed = (await one.get("/api/v1/account")).json()["sessions"]
    assert {found["browser"] for found in listed} == {"Chrome, Windows"}
    foreign = next(found["id"] for found in listed if not found["this"])
    assert (await stranger.delete(f"/api/v1/account/sessions/{foreign}")).status_code == 404
    assert (await one.delete(f"/api/v1/account/sessions/{foreign}")).status_code == 204
    assert (await other.get(SESSION)).status_code == 401


async def test_a_disabled_user_is_out_at_once(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    with hub.sessions.begin() as session:
        session.scalars(select(User)).one().disabled_at = hub.clock.now
    assert (await client.get(SESSION)).status_code == 401


async def test_five_failures_lock_that_place_for_a_growing_time(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    attacker = hub.client()
    for _ in range(5):
        assert (await hub.sign_in(attacker, "lan", "wrong password")).status_code == 401
    locked = await hub.sign_in(attacker, "lan", SECOND)
    assert (locked.status_code, locked.json()["reason"]) == (429, "locked")
    assert 1 <= int(locked.headers["retry-after"]) <= 31
    hub.clock.now += 31
    assert (await hub.sign_in(attacker, "lan", "wrong password")).status_code == 401
    assert int((await hub.sign_in(attacker, "lan", SECOND)).headers["retry-after"]) > 50
    hub.clock.now += 61
    assert (await hub.sign_in(attacker, "lan", SECOND)).status_code == 200
    assert hub.audited().count("sign_in.failed") == 6


async def test_hammering_an_account_locks_out_neither_its_owner_nor_others(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    hub.add("nam", SECOND, "leader")
    owner = hub.client()
    await hub.sign_in(owner, "lan", SECOND)
    await owner.delete(SESSION)
    assert owner.cookies[DEVICE_COOKIE]
    for _ in range(60):
        await hub.sign_in(hub.client(), "lan", "wrong password")
    # The same address: an office behind one router.
    assert (await hub.sign_in(owner, "lan", SECOND)).status_code == 200
    hub.clock.now += 3
    assert (await hub.sign_in(hub.client(), "nam", SECOND)).status_code == 200
    assert (await hub.sign_in(hub.client(address="10.9.9.9"), "lan", SECOND)).status_code == 200


async def test_a_forged_device_cookie_gives_no_further_tries(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    for number in range(6):
        client = hub.client({DEVICE_COOKIE: f"eyJkIjoieCJ9.forged{number}"})
        last = await hub.sign_in(client, "lan", "wrong password")
    assert last.status_code == 429


async def test_wrong_codes_count_although_the_password_was_right(hub: HubApp) -> None:
    await hub.administrator("admin")
    hub.clock.now += 60
    for number in range(5):
        client = hub.client()
        assert (await hub.sign_in(client, "admin", SECOND)).status_code == 200
        assert (await client.post(f"{SESSION}/code", json={"code": f"00000{number}"})).status_code == 401
    assert (await hub.sign_in(hub.client(), "admin", SECOND)).status_code == 429


async def test_a_session_without_a_person_is_locked_and_opened_with_the_password(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    # A page that asks by itself says how long nobody touched it.
    for minute in range(1, 15):
        hub.clock.now += 60
        asked = await client.get("/api/v1/board", headers={IDLE_HEADER: str(minute * 60)})
        assert asked.status_code == 200, minute
    hub.clock.now += 61
    locked = await client.get("/api/v1/board", headers={IDLE_HEADER: "901"})
    assert (locked.status_code, locked.json()["reason"]) == (403, "unlock")
    # Whoever then says that they are active is still locked.
    assert (await client.get("/api/v1/board")).json()["reason"] == "unlock"
    assert (await client.get(SESSION)).json()["next"] == "unlock"
    assert (await client.post(f"{SESSION}/unlock", json={"password": "wrong"})).status_code == 401
    assert (await client.post(f"{SESSION}/unlock", json={"password": SECOND})).json()["next"] == ""
    assert (await client.get("/api/v1/board")).status_code == 200


async def test_an_administrator_is_locked_after_five_minutes(hub: HubApp) -> None:
    client = hub.client()
    await hub.administrator("admin", client)
    hub.clock.now += sign_ins.ADMINISTRATOR_IDLE_SECONDS + 1
    assert (await client.get("/api/v1/users")).json()["reason"] == "unlock"


async def test_a_meeting_keeps_its_users_session_open(hub: HubApp) -> None:
    hub.add("lan", SECOND, "secretary")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    connection = hub.connection(client)
    async with hub.access.sign_ins.in_meeting(connection):
        hub.clock.now += 3600
        assert (await client.get("/api/v1/board")).status_code == 200
        hub.clock.now += 3600
    hub.clock.now += sign_ins.IDLE_SECONDS - 60
    assert (await client.get("/api/v1/board", headers={IDLE_HEADER: "100"})).status_code == 200
    hub.clock.now += sign_ins.IDLE_SECONDS + 1
    assert (await client.get("/api/v1/board")).json()["reason"] == "unlock"


async def test_a_session_ends_after_twelve_hours(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    for _ in range(int(sign_ins.SESSION_SECONDS // 600)):
        assert (await client.get("/api/v1/board")).status_code == 200
        hub.clock.now += 600
    assert (await client.get("/api/v1/board")).status_code == 401


async def test_an_unknown_name_and_a_wrong_password_answer_alike(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    unknown = await hub.sign_in(hub.client(), "nobody", "wrong password")
    wrong = await hub.sign_in(hub.client(), "lan", "wrong password")
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


async def test_no_log_and_no_audit_entry_holds_a_password(hub: HubApp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hub.add("lan", SECOND, "leader")
    secret = "bí mật không được ghi lại"
    client = hub.client()
    await hub.sign_in(client, "lan", secret)
    # People type the password into the field of the name.
    await hub.sign_in(client, secret, "x")
    await client.post(SESSION, json={"name": "lan", "password": [secret]})
    await hub.sign_in(client, "lan", SECOND)
    await client.post(f"{SESSION}/password", json={"old": secret, "new": secret + secret})
    assert secret not in caplog.text
    with hub.sessions() as session:
        assert secret not in str(list(audit.entries(session)))


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_write_from_another_site_is_refused(hub: HubApp, headers: dict[str, str]) -> None:
    hub.add("lan", SECOND, "leader")
    client = hub.client()
    body = {"name": "lan", "password": SECOND}
    assert (await client.post(SESSION, json=body, headers=headers)).status_code == 403
    own = {"Origin": "http://hub.test", "Sec-Fetch-Site": "same-origin"}
    assert (await client.post(SESSION, json=body, headers=own)).status_code == 200


async def test_cookies_are_closed_to_scripts_and_to_other_sites(hub: HubApp) -> None:
    hub.add("lan", SECOND, "leader")
    answer: httpx.Response = await hub.sign_in(hub.client(), "lan", SECOND)
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" in cookie


async def test_every_answer_carries_the_policy_and_a_request_id(hub: HubApp) -> None:
    answer = await hub.client().get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["status"] == 404
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert len(answer.headers["x-request-id"]) == 16


async def test_a_large_body_is_refused_before_it_is_read(hub: HubApp) -> None:
    answer = await hub.client().post(SESSION, content=b" " * 100_000, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, problems.MEDIA_TYPE)

    async def chunked() -> object:
        for _ in range(100):
            yield b" " * 1000

    answer = await hub.client().post(SESSION, content=chunked(), headers={"content-type": "application/json"})  # type: ignore[arg-type]
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'{"name": 1, "password": 2}', b'{"name": "\\ud800", "password": "\\udfff"}',
     b'{"name": "a\\u0000", "password": "\\u0000"}', b"[" * 20000, b'{"name": "%s", "password": ""}' % (b"x" * 65)],
)  # fmt: skip
async def test_a_malformed_sign_in_is_refused_as_such(hub: HubApp, body: bytes) -> None:
    answer = await hub.client().post(SESSION, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 401, 422), answer.text
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
