"""`thongsuot up`: prepare, start all, say what runs and what is missing, and stay until the end is asked for."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import typer

from hub import grafana, installed, ports, setup
from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths
from hub.programs import ports as needed_ports
from hub.programs import programs
from hub.status_text import program_lines
from hub.supervisor import Supervisor, control

READY_SECONDS = 30.0
_CHECK_SECONDS = 0.1


async def up(configuration: Configuration, config_file: Path | None, paths: Paths) -> None:
    """Returns when SIGINT, SIGTERM or `thongsuot` ended it and every program is gone."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    paths.create()
    if control.is_running(paths.supervisor_socket):
        raise UserError(f"đang chạy rồi; xem bằng: thongsuot status / already running with the data in {paths.root}")
    ports.require_free(needed_ports(configuration))
    prepared = setup.prepare(configuration, paths)
    children = list(programs(configuration, config_file, paths))
    async with Supervisor(children, paths.logs) as supervisor, control.serve(supervisor, paths.supervisor_socket):
        waiting = asyncio.create_task(_tell_when_ready(supervisor, configuration, paths, prepared), name="ready")
        try:
            await supervisor.wait()
        finally:
            waiting.cancel()
        typer.echo("Đang dừng… / Stopping…")


async def _tell_when_ready(
    supervisor: Supervisor, configuration: Configuration, paths: Paths, prepared: setup.Prepared
) -> None:
    ready = await _hub_answers(configuration)
    typer.echo("")
    if ready:
        typer.echo(f"Thông Suốt đang chạy tại / is running at: {configuration.local_url}")
    else:
        typer.echo(f"Máy chủ chưa trả lời tại {configuration.local_url}; xem {paths.logs / 'hub.log'}")
    if configuration.hub.listen in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        for address in setup.lan_addresses():
            typer.echo(f"  trong mạng / on the LAN: {configuration.scheme}://{address}:{configuration.hub.port}")
    if prepared.certificates is not None:
        typer.echo(f"  chứng chỉ gốc để cài vào trình duyệt / CA for browsers: {configuration.local_url}/ca.pem")
    if prepared.one_time_password is not None:
        typer.echo(
            f"  Đăng nhập lần đầu / first sign-in: {setup.ADMINISTRATOR} / {prepared.one_time_password}"
            "  (dùng một lần: phải đổi khi đăng nhập / one-time: to be changed at sign-in)"
        )
    typer.echo("Đang chạy / running:")
    for line in program_lines(supervisor.statuses()):
        typer.echo(line)
    if any(status.name == grafana.NAME for status in supervisor.statuses()):
        typer.echo(grafana.sign_in_line(paths))
    wanted_programs: tuple[tuple[installed.Installable, bool], ...] = (
        (installed.PROMETHEUS, configuration.prometheus.enabled),
        (installed.ALERTMANAGER, configuration.alertmanager.enabled),
        (installed.GRAFANA, configuration.grafana.enabled and configuration.prometheus.enabled),
    )
    for program, wanted in wanted_programs:
        if wanted and not program.is_there():
            typer.echo(f"  ○ {program.name:<13} chưa cài / not installed: {program.install_command()}")
    typer.echo(f"Nhật ký / logs: {paths.logs}   Dừng / stop: Ctrl-C")


async def _hub_answers(configuration: Configuration) -> bool:
    host, _, port = configuration.local_url.partition("://")[2].rpartition(":")
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
                except OSError:
                    await asyncio.sleep(_CHECK_SECONDS)
                    continue
                writer.close()
                return True
    except TimeoutError:
        return False
