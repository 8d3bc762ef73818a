"""The hub's own CA: a real TLS client accepts it, renewal keeps the CA, names that appear are covered."""

from __future__ import annotations

import datetime
import hashlib
import socket
import ssl
import threading
from pathlib import Path

from hub import certificates

NOW = datetime.datetime.now(datetime.UTC)


def handshake(made: certificates.Certificates, name: str) -> bytes:
    """The server's certificate (DER) as a client that trusts only the CA accepts it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(made.certificate, made.key)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with server.wrap_socket(theirs, server_side=True) as connection:
            connection.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client = ssl.create_default_context(cafile=str(made.ca))
        with client.wrap_socket(ours, server_hostname=name) as connection:
            connection.send(b"x")
            return connection.getpeercert(binary_form=True) or b""
    finally:
        thread.join()


def test_a_client_that_trusts_the_ca_accepts_every_name(tmp_path: Path) -> None:
    made = certificates.ensure(tmp_path, ["hop.example", "127.0.0.1", "192.0.2.7"], NOW)
    for name in ("hop.example", "127.0.0.1", "192.0.2.7"):
        assert handshake(made, name)


def test_the_fingerprint_is_that_of_the_ca(tmp_path: Path) -> None:
    made = certificates.ensure(tmp_path, ["localhost"], NOW)
    der = ssl.PEM_cert_to_DER_cert(made.ca.read_text())
    assert made.ca_sha256 == hashlib.sha256(der).hexdigest()


def test_what_is_good_is_kept_and_keys_are_private(tmp_path: Path) -> None:
    first = certificates.ensure(tmp_path, ["localhost"], NOW)
    before = first.certificate.read_bytes()
    second = certificates.ensure(tmp_path, ["localhost"], NOW)
    assert second.certificate.read_bytes() == before
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600
    assert second.key.stat().st_mode & 0o777 == 0o600


def test_a_new_name_or_a_near_end_makes_a_new_certificate_of_the_same_ca(tmp_path: Path) -> None:
    first = certificates.ensure(tmp_path, ["localhost"], NOW)
    before = handshake(first, "localhost")
    named = certificates.ensure(tmp_path, ["localhost", "hop.example"], NOW)
    assert handshake(named, "hop.example") != before
    later = NOW + datetime.timedelta(days=certificates.SERVER_DAYS - certificates.RENEW_BEFORE_DAYS + 1)
    old = named.certificate.read_bytes()
    renewed = certificates.ensure(tmp_path, ["localhost", "hop.example"], later)
    assert renewed.certificate.read_bytes() != old
    assert renewed.ca_sha256 == first.ca_sha256
