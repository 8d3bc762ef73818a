"""The list of programs that make one hub, from its configuration: what `thongsuot up` supervises."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from exporters.prometheus import (
    ScrapeTarget,
    Webhook,
    alertmanager_configuration,
    prometheus_arguments,
    prometheus_configuration,
)
from exporters.rules import GROUPS, rule_file
from hub import grafana, installed, secret_files
from hub.configuration import Configuration
from hub.paths import Paths
from hub.ports import Port
from hub.supervisor import Program

ALERTS_PATH = "/api/v1/alerts"
ALERTS_TOKEN = "alerts.token"  # noqa: S105 - the name of the file that holds it
"""Where Alertmanager sends, and what it shows there."""


def media_worker_names(configuration: Configuration) -> list[str]:
    """One per processor core and a spare, unless the configuration says how many; the spare is the last."""
    count = configuration.media.workers or (os.cpu_count() or 1) + 1
    return [f"media-{index}" for index in range(count)]


def bind_address(configuration: Configuration) -> str:
    return "127.0.0.1" if configuration.hub.listen == "localhost" else configuration.hub.listen


def url_for_people(configuration: Configuration) -> str:
    """The hub's address as it stands in links."""
    if not configuration.hub.names:
        return configuration.local_url
    return f"{configuration.scheme}://{configuration.hub.names[0]}:{configuration.hub.port}"


def ports(configuration: Configuration) -> Iterator[Port]:
    """Every port that this configuration will take on this machine."""
    address = bind_address(configuration)
    yield Port("hub.port", socket.SOCK_STREAM, address, configuration.hub.port)
    yield Port("stamp.port", socket.SOCK_DGRAM, address, configuration.stamp.port)
    for index, _ in enumerate(media_worker_names(configuration)):
        for one in configuration.media.addresses or (address,):
            yield Port("media.port", socket.SOCK_DGRAM, one, configuration.media.port + index)
    if configuration.prometheus.enabled and installed.PROMETHEUS.find():
        yield Port("prometheus.port", socket.SOCK_STREAM, "127.0.0.1", configuration.prometheus.port)
    if configuration.alertmanager.enabled and installed.ALERTMANAGER.find():
        yield Port("alertmanager.port", socket.SOCK_STREAM, "127.0.0.1", configuration.alertmanager.port)
    if grafana_to_run(configuration):
        yield Port("grafana.port", socket.SOCK_STREAM, address, configuration.grafana.port)


def grafana_to_run(configuration: Configuration) -> installed.FoundGrafana | None:
    """None also when there is no Prometheus: it would have nothing to show."""
    wanted = configuration.grafana.enabled and configuration.prometheus.enabled
    return installed.GRAFANA.find() if wanted and installed.PROMETHEUS.find() else None


def programs(configuration: Configuration, config_file: Path | None, paths: Paths) -> Iterator[Program]:
    """In the order in which they start. Writes what Prometheus, Alertmanager and Grafana are configured by."""
    yield from _media_workers(configuration, paths)
    yield _recorder(paths)
    yield _reflector(configuration, paths)
    yield _hub(configuration, config_file, paths)
    yield _jobs(config_file, paths)
    if configuration.prometheus.enabled and (found := installed.PROMETHEUS.find()):
        yield _prometheus(found, configuration, paths)
    if configuration.alertmanager.enabled and (found := installed.ALERTMANAGER.find()):
        yield _alertmanager(found, configuration, paths)
    if there := grafana_to_run(configuration):
        address, url = bind_address(configuration), url_for_people(configuration)
        yield grafana.program(there, configuration, address, url, paths)
    if configuration.agent.enabled:
        yield _agent(configuration, paths)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _listen(configuration: Configuration, port: int) -> str:
    address = bind_address(configuration)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def media_addresses(configuration: Configuration) -> list[str]:
    """Where media are received: as configured, or where the hub is; on all addresses of both families at once."""
    if configuration.media.addresses:
        return list(configuration.media.addresses)
    address = bind_address(configuration)
    return ["0.0.0.0", "::"] if address in ("0.0.0.0", "::") else [address]  # noqa: S104 - the user's choice


def _media_workers(configuration: Configuration, paths: Paths) -> Iterator[Program]:
    for index, name in enumerate(media_worker_names(configuration)):
        port = configuration.media.port + index
        listen = [
            word
            for address in media_addresses(configuration)
            for word in ("--listen", f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
        ]
        announce = [word for address in configuration.media.announce for word in ("--announce", address)]
        yield Program(
            name,
            _python(
                "conferencing.media",
                *("--socket", str(paths.worker_socket(name))),
                *listen,
                *("--name", name),
                *announce,
            ),
            drains=True,
        )


def _recorder(paths: Paths) -> Program:
    return Program(
        "recorder",
        _python(
            "conferencing.recording",
            *("--socket", str(paths.recorder_socket)),
            *("--folder", str(paths.recordings)),
        ),
    )


def _jobs(config_file: Path | None, paths: Paths) -> Program:
    config = ("--config", str(config_file)) if config_file else ()
    return Program("jobs", _python("hub", "jobs", "--data", str(paths.root), *config))


def _reflector(configuration: Configuration, paths: Paths) -> Program:
    return Program(
        "reflector",
        _python(
            "collector.reflector",
            *("--listen", _listen(configuration, configuration.stamp.port)),
            *("--sessions", str(paths.stamp_sessions)),
            *("--status", str(paths.reflector_status)),
        ),
    )


def _hub(configuration: Configuration, config_file: Path | None, paths: Paths) -> Program:
    config = ("--config", str(config_file)) if config_file else ()
    listen = ("--listen", configuration.hub.listen)
    return Program("hub", _python("hub", "hub", "--data", str(paths.root), *config, *listen))


def _prometheus(program: str, configuration: Configuration, paths: Paths) -> Program:
    settings = configuration.prometheus
    hub = ScrapeTarget(
        configuration.local_url.partition("://")[2],
        paths.secrets / "metrics.token",
        None if configuration.is_local else paths.tls / "ca.pem",
    )
    text = prometheus_configuration(
        hub,
        alertmanager_port=configuration.alertmanager.port if configuration.alertmanager.enabled else None,
        out_of_order_days=settings.out_of_order_days,
        rules=str(_write_rules(configuration, paths) / "*.yml"),
    )
    file = paths.prometheus / "prometheus.yml"
    secret_files.replace(file, text.encode())
    arguments = prometheus_arguments(program, file, paths.prometheus / "data", settings.port, settings.retention_days)
    return Program("prometheus", tuple(arguments))


def _write_rules(configuration: Configuration, paths: Paths) -> Path:
    """The folder of the rule files, with those of this version and no others."""
    folder = paths.prometheus / "rules"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, group in GROUPS.items():
        text = rule_file(group, hub_site=configuration.hub.site_code, base_url=url_for_people(configuration))
        secret_files.replace(folder / f"{name}.yml", text.encode())
    for file in folder.glob("*.yml"):
        if file.stem not in GROUPS:
            file.unlink()
    return folder


def _alertmanager(program: str, configuration: Configuration, paths: Paths) -> Program:
    ca_file = None if configuration.is_local else paths.tls / "ca.pem"
    board = Webhook(f"{configuration.local_url}{ALERTS_PATH}", paths.secrets / ALERTS_TOKEN, ca_file)
    file = paths.alertmanager / "alertmanager.yml"
    secret_files.replace(file, alertmanager_configuration(board, configuration.alertmanager.watchdog_url).encode())
    return Program(
        "alertmanager",
        (
            program,
            f"--config.file={file}",
            f"--storage.path={paths.alertmanager / 'data'}",
            f"--web.listen-address=127.0.0.1:{configuration.alertmanager.port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ),
    )


def _agent(configuration: Configuration, paths: Paths) -> Program:
    ca = () if configuration.is_local else ("--ca-file", str(paths.tls / "ca.pem"))
    return Program(
        "agent",
        _python(
            "agent.cli",
            "run",
            *("--state", str(paths.agent)),
            *("--hub", configuration.local_url),
            *("--token-file", str(paths.agent / "enrol.token")),
            *("--metrics-port", str(configuration.agent.metrics_port)),
            *ca,
        ),
    )
