"""What must be there before the programs start: folders, database, secrets, certificates, first user, own site."""

from __future__ import annotations

import datetime
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session, sessionmaker

from agent.state import StateFolder
from collector import accounts, audit, directory
from hub import certificates, database, secret_files
from hub.certificates import Certificates
from hub.configuration import Configuration
from hub.one_time import one_time_password
from hub.paths import Paths
from hub.programs import ALERTS_TOKEN

ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class Prepared:
    """`one_time_password`: of the administrator, until it is changed; None afterwards."""

    certificates: Certificates | None
    one_time_password: str | None


def prepare(configuration: Configuration, paths: Paths, clock: Callable[[], float] = time.time) -> Prepared:
    """Idempotent: what is there is kept. Raises UserError with the cure."""
    paths.create()
    engine = database.opened(paths)
    try:
        made = open_certificates(configuration, paths, clock)
        secret_files.ensure(paths.secrets / "session.key")
        for token in ("metrics.token", ALERTS_TOKEN):
            secret_files.ensure(paths.secrets / token)
        factory = database.sessions(engine)
        password = _ensure_administrator(factory, paths, clock())
        _ensure_own_site(configuration, factory, paths, clock(), made.ca_sha256 if made else None)
    finally:
        engine.dispose()
    return Prepared(made, password)


def open_certificates(
    configuration: Configuration, paths: Paths, clock: Callable[[], float] = time.time
) -> Certificates | None:
    """The hub's certificates, made or renewed where needed; None when it serves this machine only."""
    if configuration.is_local:
        return None
    names = certificates.local_names(configuration.hub.names)
    return certificates.ensure(paths.tls, names, datetime.datetime.fromtimestamp(clock(), datetime.UTC))


def lan_addresses() -> list[str]:
    """This machine's own IPv4 addresses that others can reach."""
    names = certificates.local_names(())
    return [name for name in names if _is_lan_address(name)]


def _is_lan_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.version == 4 and not address.is_loopback


def forget_administrator_password(paths: Paths, name: str) -> None:
    """Called when `name` has changed the password: the one-time one is of no more use."""
    if name == ADMINISTRATOR:
        (paths.secrets / "admin-password").unlink(missing_ok=True)


def _ensure_administrator(factory: sessionmaker[Session], paths: Paths, now: float) -> str | None:
    file = paths.secrets / "admin-password"
    with factory.begin() as session:
        if accounts.find(session, ADMINISTRATOR, disabled_too=True) is None:
            password = one_time_password()
            # The file first: a crash between the two must not leave a password that nobody knows.
            secret_files.replace(file, password.encode())
            accounts.add(
                session,
                ADMINISTRATOR,
                password,
                now,
                display_name="Quản trị viên",
                role="administrator",
                must_change_password=True,
            )
            audit.record(
                session, "hub", "user.added", ADMINISTRATOR, {"role": "administrator", "unit": None}, now=now
            )
    return file.read_text(encoding="ascii") if file.exists() else None


def _ensure_own_site(
    configuration: Configuration,
    factory: sessionmaker[Session],
    paths: Paths,
    now: float,
    ca_sha256: str | None,
) -> None:
    site = configuration.hub.site_code
    with factory.begin() as session:
        directory.ensure_site(session, site, configuration.hub.site_name)
        if configuration.agent.enabled and not StateFolder(paths.agent).key.exists():
            token = directory.issue_token(session, site, now, ca_sha256)
            secret_files.replace(paths.agent / "enrol.token", str(token).encode())
