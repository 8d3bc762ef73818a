"""The command line `thongsuot`: up, start, stop, status, hub, jobs, check, backup, agent, user, audit, secrets…"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub import __version__, account_cli, configuration, paths
from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths

USER_ERROR_STATUS = 2

DataOption = Annotated[Path, typer.Option("--data", envvar="THONGSUOT_DATA", help="Thư mục dữ liệu / data folder.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="THONGSUOT_CONFIG", help="hub.toml; mặc định: hub.toml trong thư mục dữ liệu."),
]
ListenOption = Annotated[
    str | None, typer.Option("--listen", help="Địa chỉ phục vụ / address to serve: 127.0.0.1, 0.0.0.0 …")
]
DEFAULT_DATA = Path("var")

app = typer.Typer(
    help="Thông Suốt: đường truyền và họp trực tuyến / lines and online meetings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
agent_app = typer.Typer(help="Điểm giám sát / nodes.", no_args_is_help=True)
app.add_typer(agent_app, name="agent")
account_cli.add_to(app)


def main() -> None:
    """Entry point. Whatever the user can mend is one line on standard error and exit status 2."""
    try:
        app()
    except UserError as error:
        sys.stderr.write(f"thongsuot: {error}\n")
        sys.exit(USER_ERROR_STATUS)


@app.command()
def up(data: DataOption = DEFAULT_DATA, config: ConfigOption = None, listen: ListenOption = None) -> None:
    """Chuẩn bị và chạy mọi thứ, đến khi Ctrl-C / set up and run everything until Ctrl-C."""
    from hub import up as command

    settings, where, file = _open(data, config, listen)
    asyncio.run(command.up(settings, file, where))


@app.command()
def hub(data: DataOption = DEFAULT_DATA, config: ConfigOption = None, listen: ListenOption = None) -> None:
    """Chỉ chạy máy chủ web (do `up` gọi) / run the hub process alone (`up` does it)."""
    import uvloop

    from hub import logs, server

    settings, where, _ = _open(data, config, listen)
    logs.configure(settings.hub.log_level, settings.hub.log_format)
    where.create()
    uvloop.run(server.serve(settings, where))


@app.command()
def jobs(data: DataOption = DEFAULT_DATA, config: ConfigOption = None) -> None:
    """Chỉ chạy tiến trình làm việc nặng (do `up` gọi) / run the jobs process alone (`up` does it)."""
    from hub import jobs as command
    from hub import logs

    settings, where, _ = _open(data, config, None)
    logs.configure(settings.hub.log_level, settings.hub.log_format)
    where.create()
    command.serve(where)


@app.command()
def start(name: str, data: DataOption = DEFAULT_DATA) -> None:
    """Chạy lại một chương trình / start one program again."""
    _tell("start", name, data)


@app.command()
def stop(name: str, data: DataOption = DEFAULT_DATA) -> None:
    """Dừng một chương trình / stop one program."""
    _tell("stop", name, data)


@app.command()
def drain(name: str, data: DataOption = DEFAULT_DATA) -> None:
    """Dời các cuộc họp khỏi một bộ phận truyền hình trước khi dừng nó / move meetings off a media worker."""
    _tell("drain", name, data)


@app.command()
def status(data: DataOption = DEFAULT_DATA) -> None:
    """Cái gì đang chạy / what runs."""
    _tell("status", "", data)


@app.command()
def check(data: DataOption = DEFAULT_DATA, config: ConfigOption = None, listen: ListenOption = None) -> None:
    """Kiểm tra cấu hình, dữ liệu, chương trình / check configuration, data and programs."""
    from hub import check as command

    settings, where, _ = _open(data, config, listen)
    raise typer.Exit(0 if command.check(settings, where) else 1)


@app.command()
def backup(
    key: Annotated[bool, typer.Option("--key", help="Chỉ in khóa để cất nơi khác / only print the key.")] = False,
    data: DataOption = DEFAULT_DATA,
    config: ConfigOption = None,
) -> None:
    """Sao lưu ngay, mã hóa, thử phục hồi / back up now, encrypted, proved by a restore."""
    from hub import backup_commands as command

    settings, where, _ = _open(data, config, None)
    command.print_key(settings, where) if key else command.run(settings, where)


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="Tệp .tar.gz.age / the backup.")],
    data: Annotated[Path, typer.Option("--data", help="Thư mục dữ liệu mới, trống / a new, empty data folder.")],
    key_file: Annotated[Path, typer.Option("--key-file", help="Tệp chứa khóa / file with the key.")],
    url_file: Annotated[
        Path | None,
        typer.Option(
            "--database-url-file",
            help="Tệp chứa địa chỉ một PostgreSQL trống; không có: SQLite / URL of an empty PostgreSQL.",
        ),
    ] = None,
) -> None:
    """Phục hồi vào một thư mục mới / restore into a new folder."""
    from hub import backup_commands as command

    command.restore(archive, data, key_file, url_file)


@app.command()
def version() -> None:
    """Phiên bản / version."""
    typer.echo(__version__)


@agent_app.command("token")
def agent_token(
    site: Annotated[str, typer.Option(help="Mã địa điểm / site code.")],
    name: Annotated[str | None, typer.Option(help="Tên địa điểm, nếu là địa điểm mới / name of a new site.")] = None,
    data: DataOption = DEFAULT_DATA,
    config: ConfigOption = None,
    listen: ListenOption = None,
) -> None:
    """Tạo mã ghi danh dùng một lần cho máy ở một địa điểm / one-time enrolment token for a site's machine."""
    from hub import directory_commands as command

    settings, where, _ = _open(data, config, listen)
    command.print_token(settings, where, site, name)


def _open(data: Path, config: Path | None, listen: str | None) -> tuple[Configuration, Paths, Path | None]:
    from hub import database_location

    file = configuration.file_of(data, config)
    settings = configuration.with_listen(configuration.load(file), listen)
    where = database_location.located(paths.paths(data), settings)
    return settings, where, file.resolve() if file else None


def _tell(command: str, name: str, data: Path) -> None:
    from hub.status_text import program_lines
    from hub.supervisor import control

    where = paths.paths(data)
    statuses = control.ask(where.supervisor_socket, command, name)
    for line in program_lines(statuses):
        typer.echo(line)
    if command == "status" and any(status.name == "grafana" for status in statuses):
        from hub.grafana import sign_in_line

        typer.echo(sign_in_line(where))
