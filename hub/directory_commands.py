"""Commands that write to the directory: enrolment tokens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.orm import Session

from collector import audit, directory
from hub import setup
from hub.access import sessions_of
from hub.configuration import Configuration
from hub.failure import UserError
from hub.node_package.one_line import install_line, uninstall_line
from hub.paths import Paths


def print_token(configuration: Configuration, paths: Paths, site: str, name: str | None) -> None:
    """Raises UserError for an unknown site without a name."""
    with _session(paths) as session:
        certificates = setup.open_certificates(configuration, paths)
        if name is not None:
            directory.ensure_site(session, site, name)
        elif directory.find_site(session, site) is None:
            known = ", ".join(code for code in directory.site_codes(session)) or "none yet"
            raise UserError(
                f"--site {site}: không có điểm này; điểm mới cần thêm --name. / "
                f"no such site (known: {known}); for a new one give --name too"
            )
        now = time.time()
        token = directory.issue_token(session, site, now, certificates.ca_sha256 if certificates else None)
        audit.record(session, "command line", "node.token_issued", site, now=now)
    address = next(iter(setup.lan_addresses()), "127.0.0.1")
    url = configuration.local_url if configuration.is_local else f"https://{address}:{configuration.hub.port}"
    typer.echo(str(token))
    typer.echo(f"Trên máy ở {site}, trong 24 giờ / on the site's machine, within 24 h:")
    typer.echo(f"  {install_line(url, str(token), token.ca_sha256)}")
    typer.echo("Gỡ ra / to remove it:")
    typer.echo(f"  {uninstall_line()}")
    typer.echo("Nếu đã cài sẵn / where it is installed already:")
    typer.echo(f"  thongsuot-agent enrol --hub {url} --token {token}")


@contextmanager
def _session(paths: Paths) -> Iterator[Session]:
    sessions = sessions_of(paths)
    try:
        with sessions.begin() as session:
            yield session
    finally:
        sessions.kw["bind"].dispose()
