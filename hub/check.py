"""`thongsuot check`: each part in a line, with what to do about it."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable

import typer

from hub import database, installed
from hub.configuration import Configuration
from hub.database_location import name_of
from hub.failure import UserError
from hub.paths import Paths
from hub.supervisor import control
from hub.supervisor.program import State

TIMEOUT_SECONDS = 5.0


def check(configuration: Configuration, paths: Paths) -> bool:
    """Print the lines; True when nothing fails. What is only missing does not fail."""
    good = True
    for title, examine in (
        ("thư mục dữ liệu / data folder", lambda: _data(paths)),
        ("cơ sở dữ liệu / database", lambda: _database(paths)),
        ("chương trình / programs", lambda: _programs(paths)),
        ("máy chủ / hub", lambda: _hub(configuration, paths)),
    ):
        good = _line(title, examine) and good
    for program in (installed.PROMETHEUS, installed.ALERTMANAGER):
        found = program.find()
        typer.echo(f"  {'●' if found else '○'} {program.name}: {found or 'chưa cài: ' + program.install_command()}")
    return good


def _line(title: str, examine: Callable[[], str]) -> bool:
    try:
        said = examine()
    except UserError as error:
        typer.echo(f"  ✗ {title}: {error}")
        return False
    typer.echo(f"  ● {title}: {said}")
    return True


def _data(paths: Paths) -> str:
    paths.create()
    return str(paths.root)


def _database(paths: Paths) -> str:
    database.opened(paths).dispose()
    return name_of(paths)


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
