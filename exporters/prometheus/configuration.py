"""prometheus.yml and Prometheus' command line. Nodes' samples come by remote write, the hub's own by scrape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class ScrapeTarget:
    """The hub's /metrics: `ca_file` None for plain HTTP."""

    address: str
    token_file: Path
    ca_file: Path | None = None


def prometheus_configuration(
    hub: ScrapeTarget, *, alertmanager_port: int | None, out_of_order_days: int, rules: str = ""
) -> str:
    """YAML text. `out_of_order_days` is how late a node's backlog may come; `rules` a pattern of rule files."""
    scrape: dict[str, Any] = {
        "job_name": "thongsuot",
        "scheme": "https" if hub.ca_file else "http",
        "authorization": {"type": "Bearer", "credentials_file": str(hub.token_file)},
        "static_configs": [{"targets": [hub.address]}],
    }
    if hub.ca_file:
        scrape["tls_config"] = {"ca_file": str(hub.ca_file)}
    document: dict[str, Any] = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "storage": {"tsdb": {"out_of_order_time_window": f"{out_of_order_days}d"}},
        "scrape_configs": [scrape],
    }
    if rules:
        document["rule_files"] = [rules]
    if alertmanager_port is not None:
        targets = [{"targets": [f"127.0.0.1:{alertmanager_port}"]}]
        document["alerting"] = {"alertmanagers": [{"static_configs": targets}]}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def prometheus_arguments(program: str, configuration: Path, storage: Path, port: int, days: int) -> Sequence[str]:
    return (
        program,
        f"--config.file={configuration}",
        f"--storage.tsdb.path={storage}",
        f"--storage.tsdb.retention.time={days}d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
    )
