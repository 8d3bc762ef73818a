"""Commands that write to the directory: enrolment tokens and users."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.orm import Session

from collector import accounts, directory
from hub import database, setup
from hub.configuration import Configuration
from hub.failure import UserError
from hub.node_package.one_line import install_line, uninstall_line
from hub.one_time import one_time_password
from hub.paths import Paths


def print_token(configuration: Configuration, paths: Paths, site: str, name: str | None) -> None:
    """Raises UserError for an unknown site without a name."""
    with _session(paths) as session:
        certificates = setup.open_certificates(configuration, paths)
        if name is not None:
            directory.ensure_site(session, site, name)
        elif directory.find_site(session, site) is None:
            known = ", ".join(code for code in directory.site_codes(session)) or "none yet"
            raise UserError(f"--site {site}: no such site (known: {known}); for a new one give --name too")
        token = directory.issue_token(session, site, time.time(), certificates.ca_sha256 if certificates else None)
    address = next(iter(setup.lan_addresses()), "127.0.0.1")
    url = configuration.local_url if configuration.is_local else f"https://{address}:{configuration.hub.port}"
    typer.echo(str(token))
    typer.echo(f"Trên máy ở {site}, trong 24 giờ / on the site's machine, within 24 h:")
    typer.echo(f"  {install_line(url, str(token), token.ca_sha256)}")
    typer.echo("Gỡ ra / to remove it:")
    typer.echo(f"  {uninstall_line()}")
    typer.echo("Nếu đã cài sẵn / where it is installed already:")
    typer.echo(f"  thongsuot-agent enrol --hub {url} --token {token}")


def add_user(paths: Paths, name: str, role: str, display_name: str) -> None:
    """Raises UserError when the name is taken or the role unknown."""
    password = one_time_password()
    with _session(paths) as session:
        try:
            accounts.add(
                session,
                name,
                password,
                time.time(),
                display_name=display_name or name,
                role=role,
                must_change_password=True,
            )
        except accounts.AccountError as error:
            raise UserError(str(error)) from None
    typer.echo(f"{name} / {password}  (dùng một lần: phải đổi khi đăng nhập / one-time: to be changed at sign-in)")


@contextmanager
def _session(paths: Paths) -> Iterator[Session]:
    paths.create()
    engine = database.open_engine(paths.database)
    try:
        database.migrate(engine, str(paths.database))
        with database.sessions(engine).begin() as session:
            yield session
    finally:
        engine.dispose()
