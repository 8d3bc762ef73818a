"""`thongsuot check`: each part in a line, with what to do about it."""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import typer

from hub import check_parts, installed
from hub.backup_commands import backups
from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths
from hub.supervisor import control
from hub.supervisor.program import State

TIMEOUT_SECONDS = 5.0


def check(configuration: Configuration, paths: Paths, clock: Callable[[], float] = time.time) -> bool:
    """Print the lines; True when nothing fails. What is only missing does not fail."""
    backup = configuration.backup
    now = clock()
    good = True
    for title, examine in (
        ("thư mục dữ liệu / data folder", lambda: str(paths.root)),
        ("ổ đĩa / disk", lambda: check_parts.disk(paths)),
        ("cơ sở dữ liệu / database", lambda: check_parts.schema(paths)),
        ("đồng hồ / clock", lambda: check_parts.clock(paths, now)),
        (
            "sao lưu / backup",
            lambda: check_parts.backups(
                paths, backups(configuration, paths).status(), enabled=backup.enabled, now=now
            ),
        ),
        ("nơi sao lưu thứ hai / second place", lambda: check_parts.second_place(backup.second_folder)),
        ("chứng chỉ / certificate", lambda: check_parts.certificate(paths, now)),
        ("chương trình / programs", lambda: _programs(paths)),
        ("máy chủ / hub", lambda: _hub(configuration, paths)),
    ):
        good = _line(title, examine) and good
    grafana = installed.GRAFANA.find()
    programs: tuple[tuple[installed.Installable, str | None], ...] = (
        (installed.PROMETHEUS, installed.PROMETHEUS.find()),
        (installed.ALERTMANAGER, installed.ALERTMANAGER.find()),
        (installed.GRAFANA, str(grafana.home) if grafana else None),
    )
    for program, found in programs:
        typer.echo(f"  {'●' if found else '○'} {program.name}: {found or 'chưa cài: ' + program.install_command()}")
    return good


def _line(title: str, examine: Callable[[], str]) -> bool:
    try:
        said = examine()
    except UserError as error:
        typer.echo(f"  ✗ {title}: {error}")
        return False
    except check_parts.NotYet as missing:
        typer.echo(f"  ○ {title}: {missing}")
        return True
    typer.echo(f"  ● {title}: {said}")
    return True


def _programs(paths: Paths) -> str:
    statuses = control.ask(paths.supervisor_socket, "status")
    ill = [f"{status.name} ({status.detail})" for status in statuses if status.state is State.RESTARTING]
    if ill:
        raise UserError(f"không chạy được / failing: {', '.join(ill)}; nhật ký / logs: {paths.logs}")
    stopped = [status.name for status in statuses if status.state is State.STOPPED]
    return f"{len(statuses) - len(stopped)} đang chạy / running" + (f", đã dừng: {stopped}" if stopped else "")


def _hub(configuration: Configuration, paths: Paths) -> str:
    context = None if configuration.is_local else ssl.create_default_context(cafile=str(paths.tls / "ca.pem"))
    url = f"{configuration.local_url}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310 - own URL
            answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise UserError(
            f"{url} không trả lời / does not answer: {error}; start it with: thongsuot start hub"
        ) from None
    return configuration.local_url
