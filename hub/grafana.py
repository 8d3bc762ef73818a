"""Grafana as a program of the hub: its files in the data folder, its command line, and where people sign in."""

from __future__ import annotations

import configparser
from urllib.parse import urlsplit

from exporters.grafana import (
    GrafanaSettings,
    dashboards_provisioning,
    data_source_provisioning,
    grafana_arguments,
    grafana_ini,
)
from hub import secret_files
from hub.configuration import Configuration
from hub.installed import FoundGrafana
from hub.one_time import one_time_password
from hub.paths import Paths
from hub.supervisor import Program

NAME = "grafana"
PASSWORD = "grafana-admin-password"  # noqa: S105 - the name of the file that holds it
SECRET_KEY = "grafana-secret.key"  # noqa: S105 - the name of the file that holds it
STOP_SECONDS = 10.0
"""Grafana closes its database in its own time."""
_OWN = ("log", "plugins")
_PROVISIONED = ("datasources", "dashboards", "plugins", "alerting")
"""Folders of data/ and of provisioning/; Grafana complains of one that is missing."""


def program(found: FoundGrafana, configuration: Configuration, address: str, url: str, paths: Paths) -> Program:
    """Writes all that it reads. `url`: the hub's, as people know it."""
    _write_secrets(paths)
    file = paths.grafana / "grafana.ini"
    settings = GrafanaSettings(
        address=address,
        port=configuration.grafana.port,
        url=_url(url, configuration.grafana.port),
        data=paths.grafana / "data",
        provisioning=paths.grafana / "provisioning",
        password=paths.secrets / PASSWORD,
        secret_key=paths.secrets / SECRET_KEY,
        certificate=None if configuration.is_local else paths.tls / "server.pem",
        key=None if configuration.is_local else paths.tls / "server.key",
    )
    for folder in _OWN:
        (settings.data / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _PROVISIONED:
        (settings.provisioning / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    source = data_source_provisioning(configuration.prometheus.port)
    secret_files.replace(settings.provisioning / "datasources" / "prometheus.yaml", source.encode())
    secret_files.replace(settings.provisioning / "dashboards" / "thongsuot.yaml", dashboards_provisioning().encode())
    secret_files.replace(file, grafana_ini(settings).encode())
    return Program(NAME, grafana_arguments(found.command, found.home, file), stop_seconds=STOP_SECONDS)


def sign_in_line(paths: Paths) -> str:
    """Where Grafana is, and where its first password stands; by what was written at its start."""
    ini = configparser.RawConfigParser()
    ini.read(paths.grafana / "grafana.ini", encoding="utf-8")
    url = ini.get("server", "root_url", fallback="").strip("`")
    password = paths.secrets / PASSWORD
    return f"  Đồ thị / dashboards: {url}  admin, mật khẩu đầu tiên trong / first password in: {password}"


def _write_secrets(paths: Paths) -> None:
    """Once: Grafana takes the password at its very first start only, and keeps what it encrypts under the key."""
    password = paths.secrets / PASSWORD
    if not password.exists():
        secret_files.replace(password, one_time_password().encode())
    secret_files.ensure(paths.secrets / SECRET_KEY)


def _url(hub: str, port: int) -> str:
    parts = urlsplit(hub)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
