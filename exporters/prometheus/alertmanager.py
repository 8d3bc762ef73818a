"""alertmanager.yml: grouped by site, inhibited from the top down, one receiver beside the watchdog's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BOARD = "board"
WATCHDOG = "watchdog"


def _worse(source: str, target: str, *equal: str) -> dict[str, Any]:
    matchers = {"source_matchers": [f'alertname="{source}"'], "target_matchers": [f'alertname="{target}"']}
    return {**matchers, "equal": list(equal)}


INHIBITIONS: tuple[dict[str, Any], ...] = (
    # The centre's own line first: then a provider or an area, then a site. `equal` names no label that both may lack.
    # Without the reflector no line is measured, and without the hub nothing is known.
    {
        "source_matchers": ['alertname=~"ReflectorGone|HubUnreachable"'],
        "target_matchers": ['alertname=~"Line.+|ProviderDown|AreaDown|UpstreamDown"'],
    },
    {"source_matchers": ['scope="upstream"'], "target_matchers": ['scope=~"provider|area|site"']},
    {"source_matchers": ['scope="provider"'],
     "target_matchers": ['scope="site"', 'provider!=""'], "equal": ["provider"]},
    {"source_matchers": ['scope="area"'], "target_matchers": ['scope="site"', 'area!=""'], "equal": ["area"]},
    {
        "source_matchers": ['alertname="SiteDown"'],
        "target_matchers": ['scope="site"', 'alertname!="SiteDown"', 'site!=""'],
        "equal": ["site"],
    },
    {
        "source_matchers": ['alertname="LineDown"'],
        "target_matchers": ['alertname=~"Line.+"', 'alertname!="LineDown"', 'line!=""'],
        "equal": ["site", "line"],
    },
    _worse("NodeClockWrong", "NodeClockDrift", "site", "node"),
    _worse("NodeDiskFull", "NodeDiskFilling", "site", "node", "mountpoint"),
    _worse("UpsBatteryLow", "UpsOnBattery", "site", "ups"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts are sent as Alertmanager's webhook says them: `ca_file` None for plain HTTP."""

    url: str
    token_file: Path
    ca_file: Path | None = None


def alertmanager_configuration(board: Webhook | None, watchdog_url: str = "") -> str:
    """YAML text that `amtool check-config` accepts.

    `watchdog_url`: an address outside the hub that expects to be called every 5 minutes; "": nobody is called.
    """
    watchdog: dict[str, Any] = {"name": WATCHDOG}
    if watchdog_url:
        watchdog["webhook_configs"] = [{"url": watchdog_url, "send_resolved": False}]
    document = {
        "route": {
            "receiver": BOARD,
            "group_by": ["site"],
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "4h",
            "routes": [
                {
                    "receiver": WATCHDOG,
                    "matchers": ['alertname="Watchdog"'],
                    "group_wait": "0s",
                    "group_interval": "1m",
                    "repeat_interval": "5m",
                    "continue": True,
                },
                {
                    # The bridge too notices when it is no longer told that alerting works.
                    "receiver": BOARD,
                    "matchers": ['alertname="Watchdog"'],
                    "group_by": ["alertname"],
                    "group_wait": "0s",
                    "group_interval": "1m",
                    "repeat_interval": "5m",
                },
            ],
        },
        "inhibit_rules": list(INHIBITIONS),
        "receivers": [_receiver(board), watchdog],
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _receiver(board: Webhook | None) -> dict[str, Any]:
    if board is None:
        return {"name": BOARD}
    http: dict[str, Any] = {"authorization": {"type": "Bearer", "credentials_file": str(board.token_file)}}
    if board.ca_file is not None:
        http["tls_config"] = {"ca_file": str(board.ca_file)}
    return {"name": BOARD, "webhook_configs": [{"url": board.url, "send_resolved": True, "http_config": http}]}
