"""The one line that a technician pastes on a node. It trusts nothing of the hub before the CA's fingerprint fits."""

from __future__ import annotations

import shlex

# Debian's Python alone: no curl, no pip. The CA is fetched without trust, compared, and then the only authority.
_SECURE = (
    "import ssl,hashlib,urllib.request as u;h={hub!r};"
    "p=u.urlopen(h+'/ca.pem',context=ssl._create_unverified_context()).read().decode();"
    "assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(p)).hexdigest()=={ca!r},'sai chung chi may chu / wrong hub';"
    "exec(u.urlopen(h+'/install.py',context=ssl.create_default_context(cadata=p)).read())"
)
_PLAIN = "import urllib.request as u;h={hub!r};p=None;exec(u.urlopen(h+'/install.py').read())"
DEFAULT_PREFIX = "/opt/thongsuot-agent"


def install_line(hub: str, token: str, ca_sha256: str | None) -> str:
    """For a shell of root. `hub` is the address as the node reaches it."""
    program = (_SECURE if ca_sha256 else _PLAIN).format(hub=hub, ca=ca_sha256)
    return f"sudo python3 -c {shlex.quote(program)} --token {token}"


def uninstall_line() -> str:
    return f"sudo {DEFAULT_PREFIX}/bin/python {DEFAULT_PREFIX}/uninstall.py"
