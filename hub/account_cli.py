"""Commands of the line for users, the audit log and the key ring. What they do is imported when one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.paths import Paths, paths

DataOption = Annotated[Path, typer.Option("--data", envvar="THONGSUOT_DATA", help="Thư mục dữ liệu / data folder.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="THONGSUOT_CONFIG", help="hub.toml; mặc định: hub.toml trong thư mục dữ liệu."),
]
RoleOption = Annotated[str, typer.Option(help="administrator, technician, secretary, leader")]
UnitOption = Annotated[str, typer.Option(help="Mã đơn vị; không có: toàn hệ thống / unit code, none: everything.")]
DEFAULT_DATA = Path("var")

user_app = typer.Typer(help="Người dùng / users.", no_args_is_help=True)
audit_app = typer.Typer(help="Nhật ký / audit log.", no_args_is_help=True)
secrets_app = typer.Typer(help="Khóa mã hóa / keys of what is stored encrypted.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(user_app, name="user")
    app.add_typer(audit_app, name="audit")
    app.add_typer(secrets_app, name="secrets")


@user_app.command("add")
def user_add(
    name: str,
    role: RoleOption = "leader",
    unit: UnitOption = "",
    display_name: Annotated[str, typer.Option(help="Họ và tên / full name.")] = "",
    data: DataOption = DEFAULT_DATA,
    config: ConfigOption = None,
) -> None:
    """Thêm người dùng; in mật khẩu dùng một lần / add a user and print a one-time password."""
    from hub import account_commands as command

    command.add_user(_where(data, config), name, role, unit, display_name)


@user_app.command("grant")
def user_grant(
    name: str, role: RoleOption, unit: UnitOption = "", data: DataOption = DEFAULT_DATA, config: ConfigOption = None
) -> None:
    """Cấp quyền / grant a role on a unit and all below it."""
    from hub import account_commands as command

    command.grant(_where(data, config), name, role, unit)


@user_app.command("reset")
def user_reset(name: str, data: DataOption = DEFAULT_DATA, config: ConfigOption = None) -> None:
    """Mật khẩu dùng một lần mới, bỏ mã xác thực, mở khóa / new one-time password, no second factor, enabled."""
    from hub import account_commands as command

    command.reset_user(_where(data, config), name)


@user_app.command("list")
def user_list(data: DataOption = DEFAULT_DATA, config: ConfigOption = None) -> None:
    """Ai có quyền gì / who may do what."""
    from hub import account_commands as command

    command.list_users(_where(data, config))


@audit_app.command("verify")
def audit_verify(data: DataOption = DEFAULT_DATA, config: ConfigOption = None) -> None:
    """Chứng minh nhật ký nguyên vẹn; mã thoát 1 khi không / prove the chain, exit status 1 when it is broken."""
    from hub import account_commands as command

    raise typer.Exit(0 if command.verify_audit(_where(data, config)) else 1)


@audit_app.command("export")
def audit_export(
    form: Annotated[str, typer.Option("--format", help="json, csv")] = "json",
    data: DataOption = DEFAULT_DATA,
    config: ConfigOption = None,
) -> None:
    """In cả nhật ký ra / write the whole log to standard output."""
    from hub import account_commands as command

    command.export_audit(_where(data, config), form)


@secrets_app.command("rotate")
def secrets_rotate(
    forget: Annotated[
        bool, typer.Option("--forget-old", help="Bỏ khóa cũ: bản sao lưu cũ không mở được / drop old keys.")
    ] = False,
    data: DataOption = DEFAULT_DATA,
    config: ConfigOption = None,
) -> None:
    """Khóa mới, mã hóa lại mọi thứ đang giữ / a new key; all that is stored is encrypted with it."""
    from hub import account_commands as command

    command.rotate_secrets(_where(data, config), forget=forget)


def _where(data: Path, config: Path | None) -> Paths:
    from hub import configuration, database_location

    return database_location.located(paths(data), configuration.load(configuration.file_of(data, config)))
