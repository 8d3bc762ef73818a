"""grafana.ini, the provisioning files and the command line of Grafana 11 and later; reads and writes no file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DASHBOARDS = Path(__file__).with_name("dashboards")
HOME_DASHBOARD = "thongsuot-overview.json"
DATA_SOURCE_UID = "thongsuot-prometheus"
FOLDER, FOLDER_UID = "Thông Suốt", "thong-suot"
SCRAPE_INTERVAL = "15s"
"""As Prometheus is configured: $__rate_interval is four of these at least."""
_DASHBOARDS_READ_SECONDS = 60


@dataclass(frozen=True, slots=True)
class GrafanaSettings:
    """`certificate` and `key`: PEM files for HTTPS, None for plain HTTP. `url`: how people reach it, without a path.

    `password` and `secret_key` are files: what they hold stands in no other.
    """

    address: str
    port: int
    url: str
    data: Path
    provisioning: Path
    password: Path
    secret_key: Path
    certificate: Path | None = None
    key: Path | None = None


def grafana_ini(settings: GrafanaSettings) -> str:
    """Nobody gets in without signing in, nothing is asked of the Internet, and alerts are left to the hub."""
    server: dict[str, Any] = {
        "protocol": "https" if settings.certificate else "http",
        "http_addr": settings.address,
        "http_port": settings.port,
        "root_url": f"{settings.url}/",
    }
    if settings.certificate and settings.key:
        # The hub renews its certificate: Grafana is to see the new one without a restart.
        server |= {"cert_file": settings.certificate, "cert_key": settings.key, "certs_watch_interval": "1h"}
    sections: dict[str, dict[str, Any]] = {
        "paths": {
            "data": settings.data,
            "logs": settings.data / "log",
            "plugins": settings.data / "plugins",
            "provisioning": settings.provisioning,
        },
        "server": server,
        "security": {
            "admin_user": "admin",
            "admin_password": f"$__file{{{settings.password}}}",
            "secret_key": f"$__file{{{settings.secret_key}}}",
            "cookie_secure": settings.certificate is not None,
            "disable_gravatar": True,
        },
        "users": {"allow_sign_up": False, "allow_org_create": False, "default_theme": "light"},
        "auth.anonymous": {"enabled": False},
        "dashboards": {"default_home_dashboard_path": DASHBOARDS / HOME_DASHBOARD},
        "analytics": {
            "reporting_enabled": False,
            "check_for_updates": False,
            "check_for_plugin_updates": False,
            "feedback_links_enabled": False,
        },
        "news": {"news_feed_enabled": False},
        "snapshots": {"external_enabled": False},
        "plugins": {
            "preinstall_disabled": True,
            "preinstall_auto_update": False,
            "plugin_admin_enabled": False,
            "public_key_retrieval_disabled": True,
        },
        # Alertmanager and the on-call bridge have them.
        "unified_alerting": {"enabled": False},
        # Its WebSocket only works under root_url, and dashboards refresh without it.
        "live": {"max_connections": 0},
        "log": {"mode": "console", "level": "warn"},
    }
    return "\n".join(_section(name, values) for name, values in sections.items())


def data_source_provisioning(prometheus_port: int) -> str:
    """YAML text of provisioning/datasources: this machine's Prometheus, the default one."""
    source = {
        "name": "Prometheus",
        "uid": DATA_SOURCE_UID,
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://127.0.0.1:{prometheus_port}",
        "isDefault": True,
        "editable": False,
        "jsonData": {
            "httpMethod": "POST",
            "prometheusType": "Prometheus",
            "timeInterval": SCRAPE_INTERVAL,
            "manageAlerts": False,
        },
    }
    return _yaml({"apiVersion": 1, "datasources": [source]})


def dashboards_provisioning(folder: Path = DASHBOARDS) -> str:
    """YAML text of provisioning/dashboards: all files of `folder`, as they are."""
    provider = {
        "name": "thongsuot",
        "orgId": 1,
        "folder": FOLDER,
        "folderUid": FOLDER_UID,
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": _DASHBOARDS_READ_SECONDS,
        # A dollar sign would name a variable of the environment.
        "options": {"path": str(folder).replace("$", "$$")},
    }
    return _yaml({"apiVersion": 1, "providers": [provider]})


def grafana_arguments(command: tuple[str, ...], home: Path, configuration: Path) -> tuple[str, ...]:
    """`home`: where Grafana's own pages and defaults lie."""
    return (*command, f"--homepath={home}", f"--config={configuration}")


def _section(name: str, values: dict[str, Any]) -> str:
    return "\n".join((f"[{name}]", *(f"{key} = {_value(value)}" for key, value in values.items()), ""))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    # Grafana's reader takes what follows these for a comment.
    return f"`{text}`" if "#" in text or ";" in text else text


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
