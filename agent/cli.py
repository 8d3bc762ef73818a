"""Command line of the node's program. Exit status 2 with one line for what the caller can mend."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent import __version__
from agent.enrolment import NotNowError, enrol, read_token
from agent.failure import UserError
from agent.hub_client import HubAddress, HubAddressError, HubUnreachableError, parse_address
from agent.state import DEFAULT_STATE, STATE_VARIABLE, StateFolder

if TYPE_CHECKING:
    from agent import service

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        status: int = options.command(options)
    except UserError as error:
        print(f"thongsuot-agent: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks here
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thongsuot-agent", description="Thông Suốt: chương trình trên máy của điểm cầu / the node's program"
    )
    parser.add_argument("--version", action="version", version=f"thongsuot-agent {__version__}")
    parser.add_argument("--verbose", action="store_true", help="ghi chi tiết / log details")
    commands = parser.add_subparsers(required=True, metavar="LỆNH/COMMAND")

    enrolling = commands.add_parser("enrol", help="ghi danh máy này với máy chủ / enrol this machine at the hub")
    _hub_arguments(enrolling, hub_required=True)
    enrolling.add_argument("--token", required=True, help="mã ghi danh / enrolment token")
    enrolling.set_defaults(command=_enrol)

    running = commands.add_parser("run", help="đo và gửi về máy chủ / measure and deliver")
    _hub_arguments(running)
    running.add_argument("--token-file", type=Path, help="tệp chứa mã ghi danh / file with an enrolment token")
    running.add_argument("--metrics-port", type=_port, default=9108, help="cổng /metrics cục bộ / local port")
    running.add_argument("--no-local-metrics", action="store_true", help="không mở /metrics / no local /metrics")
    running.set_defaults(command=_run)

    checking = commands.add_parser("check", help="kiểm tra từng bước / say what works and what does not")
    _hub_arguments(checking)
    checking.add_argument("--token-file", type=Path, help="mã chưa dùng cũng được / a token not used yet")
    checking.add_argument("--lang", choices=("vi", "en"), default="vi", help="ngôn ngữ / language")
    checking.set_defaults(command=_check)

    installing = commands.add_parser("install", help="cài dịch vụ systemd / make a systemd service")
    _service_arguments(installing)
    installing.set_defaults(command=_install)

    removing = commands.add_parser("uninstall", help="gỡ dịch vụ / remove the service")
    _service_arguments(removing)
    removing.add_argument("--purge", action="store_true", help="xoá cả dữ liệu và khoá / delete queue and key, too")
    removing.set_defaults(command=_uninstall)

    telling = commands.add_parser("status", help="hàng đợi và lần gửi gần nhất / queue and last delivery")
    telling.add_argument("--state", type=Path, default=None)
    telling.add_argument("--lang", choices=("vi", "en"), default="vi", help="ngôn ngữ / language")
    telling.set_defaults(command=_status)
    return parser


def _service_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", type=Path, default=None, help=f"mặc định / default {DEFAULT_STATE}")
    parser.add_argument("--root", type=Path, default=Path("/"), help="chỉ ghi tệp vào đây / only write files here")


def _hub_arguments(parser: argparse.ArgumentParser, hub_required: bool = False) -> None:
    parser.add_argument("--state", type=Path, default=None, help=f"mặc định / default ${STATE_VARIABLE}")
    parser.add_argument("--hub", type=_address, required=hub_required, metavar="URL", help="máy chủ / the hub")
    parser.add_argument("--ca-file", type=Path, help="chứng chỉ gốc (PEM) / authority to trust")


def _address(text: str) -> HubAddress:
    try:
        return parse_address(text)
    except HubAddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def _state(options: argparse.Namespace) -> StateFolder:
    return StateFolder(options.state or Path(os.environ.get(STATE_VARIABLE) or DEFAULT_STATE))


def _enrol(options: argparse.Namespace) -> int:
    state = _state(options)
    token = read_token(options.token, "--token")
    state.prepare()
    try:
        identity = enrol(options.hub, token, state, options.ca_file)
    except HubUnreachableError as error:
        raise UserError(f"{error}; look at the address and try again, the token is not spent") from None
    except NotNowError as error:
        raise UserError(f"{error}; try again in a minute, the token is not spent") from None
    _say(f"● {identity.node} · {identity.site} · {identity.hub}")
    _say("Đã ghi danh. Chạy tiếp / enrolled, now run: thongsuot-agent run")
    return 0


def _run(options: argparse.Namespace) -> int:
    from agent import runner
    from agent.composition import Options

    port = None if options.no_local_metrics else options.metrics_port
    runner.run(Options(_state(options), options.hub, options.ca_file, options.token_file, port))
    return 0


def _check(options: argparse.Namespace) -> int:
    from agent import check

    asked = check.Asked(_state(options), options.hub, options.ca_file, options.token_file)
    good = True
    for finding in check.run(asked):
        good = good and finding.good
        _say(check.line(finding, options.lang))
    return 0 if good else 1


def _service(options: argparse.Namespace) -> service.Service:
    from agent import service

    program = Path(
        sys.argv[0] if Path(sys.argv[0]).name == service.NAME else shutil.which(service.NAME) or sys.argv[0]
    )
    if program.suffix == ".py":
        program = service.DEFAULT_PROGRAM
    return service.Service(program.absolute(), (options.state or DEFAULT_STATE).absolute(), options.root.absolute())


def _install(options: argparse.Namespace) -> int:
    from agent import service

    service.install(_service(options), _say)
    return 0


def _uninstall(options: argparse.Namespace) -> int:
    from agent import service

    service.uninstall(_service(options), options.purge, _say)
    return 0


def _status(options: argparse.Namespace) -> int:
    from agent.queue import read_status
    from agent.status import about, lines

    path = _state(options).queue
    if not path.exists():
        raise UserError(f"{path}: there is no queue yet; start the agent with: thongsuot-agent run")
    try:
        status = read_status(path)
    except sqlite3.Error as error:
        raise UserError(f"queue {path}: cannot be read ({error})") from None
    for line in [*about(_state(options), options.lang), *lines(status, time.time(), options.lang)]:
        _say(line)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the command line speaks here


if __name__ == "__main__":
    sys.exit(main())
