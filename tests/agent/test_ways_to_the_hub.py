"""Several addresses tried in order, an HTTP proxy, a private authority: each with real servers."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import check
from agent.enrolment import enrol, read_token
from agent.failure import UserError
from agent.hub_client import HubAddress, HubConnection, HubUnreachableError, parse_address, trusting_authority
from agent.hub_route import FIRST_AGAIN_SECONDS, HubRoute, Way
from agent.proxy import Proxy, ProxyError, choose, parse_proxy
from agent.state import Identity, StateFolder
from agent.ways import addresses, ways
from tests.agent import certificates
from tests.agent.hub import TOKEN, Hub, free_port, serving
from tests.agent.test_running_agent import configuration

IDENTITY = Identity("n1", "yen-thai", "http://first.example:8080", "key")


def test_the_first_address_that_answers_is_kept_and_the_first_of_all_is_asked_again_later() -> None:
    now = [0.0]
    heard: list[str | None] = []
    first = HubAddress(False, "127.0.0.1", free_port())
    with serving() as second_hub:
        second = parse_address(second_hub.url)
        route = HubRoute(
            (Way(first, None), Way(second, None)),
            lambda answer, _sent, _received: heard.append(answer.headers.get("x-thongsuot-time")),
            lambda: now[0],
        )
        connection = route.connect(2.0)
        assert connection.request("GET", "/healthz").status == 200
        assert route.address == second
        assert route.order() == [1, 0]
        assert heard[0] is not None
        now[0] += FIRST_AGAIN_SECONDS
        assert route.order() == [0, 1]
        assert connection.request("GET", "/healthz").status == 200
        connection.close()
    with pytest.raises(HubUnreachableError) as raised:
        connection.request("GET", "/healthz")
    assert str(first) in str(raised.value)
    assert str(second) in str(raised.value)


def test_addresses_come_from_the_command_line_or_enrolment_and_from_the_file(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    assert [str(one) for one in addresses(None, IDENTITY, state)] == ["http://first.example:8080"]
    state.hubs.write_text("# theo thứ tự\nhttps://second.example\nhttp://first.example:8080\n\n")
    assert [str(one) for one in addresses(None, IDENTITY, state)] == [
        "http://first.example:8080",
        "https://second.example:443",
    ]
    given_address = parse_address("https://other.example")
    assert addresses(given_address, IDENTITY, state)[0] == given_address
    state.hubs.write_text("nonsense\n")
    with pytest.raises(UserError, match=r"hubs: hub address 'nonsense' does not begin with"):
        addresses(None, IDENTITY, state)


@contextmanager
def proxy(secret: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """A small HTTP proxy: CONNECT, and GET by the whole address."""
    seen: list[str] = []
    ended = threading.Event()

    def carry(source: socket.socket, target: socket.socket, leave_out: bytes = b"") -> None:
        try:
            while part := source.recv(65536):
                target.sendall(part.replace(leave_out, b"", 1) if leave_out else part)
        except OSError:
            pass
        finally:
            target.close()

    def serve(client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        text = head.decode("latin-1")
        seen.append(text.split("\r\n")[0])
        if secret is not None and f"Proxy-Authorization: {secret}" not in text:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        method, target, _ = text.split("\r\n")[0].split(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            server = socket.create_connection((host, int(port)))
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            address = None
        else:
            address = parse_address("/".join(target.split("/")[:3]))
            server = socket.create_connection((address.host, address.port))
            server.sendall(head.replace(str(address).encode(), b"", 1))
        base = str(address).encode() if address is not None else b""
        threading.Thread(target=carry, args=(client, server, base), daemon=True).start()
        threading.Thread(target=carry, args=(server, client), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)

        def accept() -> None:
            while not ended.is_set():
                try:
                    client, _ = listening.accept()
                except TimeoutError:
                    continue
                client.settimeout(None)
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1], seen
        ended.set()
        thread.join()


def test_plain_http_through_a_proxy_with_a_password() -> None:
    secret = f"Basic {base64.b64encode(b'an:b@mat').decode()}"
    with proxy(secret) as (port, seen), serving() as hub:
        through = parse_proxy(f"http://an:b%40mat@127.0.0.1:{port}", "proxy")
        connection = HubConnection(parse_address(hub.url), None, 5.0, through)
        assert connection.request("GET", "/healthz").status == 200
        connection.close()
        assert seen == [f"GET {hub.url}/healthz HTTP/1.1"]
        connection = HubConnection(parse_address(hub.url), None, 5.0, Proxy("127.0.0.1", port))
        assert connection.request("GET", "/healthz").status == 407
        connection.close()


def test_tls_through_a_proxy_trusts_the_private_authority_alone(tmp_path: Path) -> None:
    right, wrong = certificates.make(tmp_path), certificates.make(tmp_path, name="impostor")
    with proxy() as (port, seen), serving(certificate=right.server) as hub:
        address, through = parse_address(hub.url), Proxy("127.0.0.1", port)
        connection = HubConnection(address, trusting_authority(right.ca_pem.decode()), 5.0, through)
        assert connection.request("GET", "/healthz").status == 200
        connection.close()
        assert seen[0].startswith(f"CONNECT 127.0.0.1:{hub.port} HTTP/1.")
        connection = HubConnection(address, trusting_authority(wrong.ca_pem.decode()), 5.0, through)
        with pytest.raises(HubUnreachableError, match="not the one this node trusts"):
            connection.request("GET", "/healthz")


def test_a_node_is_enrolled_and_checked_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's name is known to the proxy alone."""
    state = StateFolder(tmp_path)
    monkeypatch.setattr("agent.proxy._is_loopback", lambda _host: False)
    with proxy() as (port, seen), serving(Hub(configuration=configuration())) as hub:
        state.proxy.write_text(f"127.0.0.1:{port}\n")
        identity = enrol(parse_address(hub.url), read_token(TOKEN, "x"), state, None)
        findings = list(check.run(check.Asked(state, None, None, None)))
    assert identity.node == "n1"
    assert seen[0].startswith("POST http://127.0.0.1:")
    assert [one for one in findings if not one.good] == []


@pytest.mark.parametrize(
    ("secure", "host", "stored", "environment", "expected"),
    [
        (True, "hub.vn", None, {"https_proxy": "http://p.vn:8080"}, ("p.vn", 8080)),
        (True, "hub.vn", None, {"HTTPS_PROXY": "p.vn"}, ("p.vn", 3128)),
        (False, "hub.vn", None, {"https_proxy": "http://p.vn:8080"}, None),
        (False, "hub.vn", None, {"ALL_PROXY": "http://p.vn:8080"}, ("p.vn", 8080)),
        (True, "hub.vn", "http://own.vn:1", {"https_proxy": "http://p.vn"}, ("own.vn", 1)),
        (True, "hub.vn", "none\n", {"https_proxy": "http://p.vn"}, None),
        (True, "hub.vn", None, {"https_proxy": "http://p.vn", "no_proxy": "local, .vn"}, None),
        (True, "xhub.vn", None, {"https_proxy": "http://p.vn", "no_proxy": "hub.vn"}, ("p.vn", 3128)),
        (True, "hub.vn", None, {"https_proxy": "http://p.vn", "NO_PROXY": "*"}, None),
        (True, "127.0.0.1", "http://own.vn:1", {}, None),
    ],
)
def test_which_proxy_is_used(
    secure: bool, host: str, stored: str | None, environment: dict[str, str], expected: tuple[str, int] | None
) -> None:
    found = choose(secure, host, stored, environment)
    assert (None if found is None else (found.host, found.port)) == expected


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_proxy_or_none(text: str) -> None:
    try:
        parse_proxy(text, "x")
    except ProxyError as error:
        assert "expected something like" in str(error)


def test_a_proxys_password_is_not_shown(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.proxy.write_text("socks5://an:secret@p.vn:1080")
    with pytest.raises(UserError) as raised:
        ways((parse_address("https://hub.vn"),), None, state)
    assert "secret" not in str(raised.value)
    assert "secret" not in repr(parse_proxy("http://an:secret@p.vn", "x"))
