"""The hub's own certificate authority and its server certificate, for serving a LAN with TLS."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub import secret_files

CA_DAYS = 3650
# Browsers refuse server certificates valid for more than 398 days from a public CA; 397 offends none.
SERVER_DAYS = 397
RENEW_BEFORE_DAYS = 60
_CLOCK_SLACK = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files; `ca_sha256` is the fingerprint of the CA certificate (DER), lower-case hexadecimal."""

    ca: Path
    certificate: Path
    key: Path
    ca_sha256: str
    server_end: float
    """When the server's certificate ends, Unix seconds."""


def ensure(folder: Path, names: Sequence[str], now: datetime.datetime) -> Certificates:
    """Make what is missing, and a new server certificate when a name is missing or its end is near."""
    ca_path, ca_key_path = folder / "ca.pem", folder / "ca.key"
    if not (ca_path.exists() and ca_key_path.exists()):
        _make_ca(ca_path, ca_key_path, now)
    ca = x509.load_pem_x509_certificate(ca_path.read_bytes())
    certificate_path, key_path = folder / "server.pem", folder / "server.key"
    if not (key_path.exists() and _still_good(certificate_path, ca, names, now)):
        ca_key = serialization.load_pem_private_key(ca_key_path.read_bytes(), None)
        assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
        _make_server(certificate_path, key_path, ca, ca_key, names, now)
    fingerprint = hashlib.sha256(ca.public_bytes(serialization.Encoding.DER)).hexdigest()
    server = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    return Certificates(ca_path, certificate_path, key_path, fingerprint, server.not_valid_after_utc.timestamp())


def local_names(extra: Sequence[str]) -> list[str]:
    """All names by which this machine may be reached: its addresses, its host name, and `extra`."""
    names = {"localhost", "127.0.0.1", "::1", socket.gethostname(), *extra}
    for adapter in ifaddr.get_adapters():
        for address in adapter.ips:
            text = address.ip if isinstance(address.ip, str) else address.ip[0]
            if not ipaddress.ip_address(text).is_link_local:
                names.add(text)
    return sorted(name for name in names if name)


def _make_ca(path: Path, key_path: Path, now: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Thông Suốt"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Thông Suốt CA {socket.gethostname()}"[:64]),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + datetime.timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    secret_files.replace(key_path, _private_pem(key))
    certificate = builder.sign(key, hashes.SHA256())
    secret_files.replace(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_server(
    path: Path,
    key_path: Path,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    now: datetime.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, socket.gethostname()[:64])]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + datetime.timedelta(days=SERVER_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    certificate = builder.sign(ca_key, hashes.SHA256())
    secret_files.replace(key_path, _private_pem(key))
    secret_files.replace(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _still_good(path: Path, ca: x509.Certificate, names: Sequence[str], now: datetime.datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(ca)
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    except InvalidSignature:
        return False
    left = certificate.not_valid_after_utc - now
    return left > datetime.timedelta(days=RENEW_BEFORE_DAYS) and set(map(_general_name, names)) <= set(san)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
