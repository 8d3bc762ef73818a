"""Users and their grants, for administrators: each within the part of the tree that is theirs."""

import unicodedata
from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from collector import accounts, audit
from collector.accounts import api_tokens, sign_ins, totp
from collector.accounts.people import administrators_of_all
from collector.accounts.rights import Action, Role, may_administer
from collector.accounts.unit_tree import UnitTree
from hub.http.principal import Principal, address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import requires
from hub.http.rights_tree import Places
from hub.http.row_numbers import GivenNumber, RowNumber
from hub.http.sign_in import SignIns
from hub.one_time import one_time_password

MAX_UNITS_FOUND = 20

Result = TypeVar("Result")


class NewGrant(BaseModel):
    """`unit`: its id; null is the whole tree."""

    role: Role
    unit: GivenNumber | None = None


class NewUser(NewGrant):
    name: str = Field(min_length=1, max_length=64, examples=["lan.tt"])
    display_name: str = Field(default="", max_length=200, examples=["Nguyễn Thị Lan"])


class ChangedUser(BaseModel):
    """What is null stays as it is."""

    display_name: str | None = Field(default=None, max_length=200)
    disabled: bool | None = None


class Grant(BaseModel):
    id: int
    role: str
    unit: int | None
    unit_code: str
    unit_name: str
    granted_at: float
    granted_by: str


class User(BaseModel):
    """`yours`: the caller may change it."""

    name: str
    display_name: str
    disabled: bool
    has_totp: bool
    must_change_password: bool
    yours: bool
    grants: list[Grant]


class OneTime(BaseModel):
    """`password` is shown this once."""

    user: User
    password: str


class UnitFound(BaseModel):
    id: int
    code: str
    name: str
    within: str


def router(sign_ins_: SignIns, places: Places) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/users", tags=["users"])
    clock = sign_ins_.clock

    async def change(
        request: Request, name: str, action: str, work: Callable[[Session, Principal], Result], **detail: object
    ) -> Result:
        """`work` on a user that is the caller's to change, and its entry in the audit log."""
        principal, tree = principal_of(request), await places.tree()

        def all_of_it(session: Session) -> Result:
            _refuse_foreign(session, principal, name, tree)
            result = work(session, principal)
            if not administrators_of_all(accounts.everyone(session)):
                raise RefusedError(
                    409,
                    "last administrator",
                    "Đây là quản trị viên toàn hệ thống cuối cùng. / This is the last administrator of everything.",
                )
            audit.record(
                session, principal.name, action, accounts.normalise(name), detail, now=clock(),
                address=address_of(request),
            )  # fmt: skip
            return result

        try:
            return await sign_ins_.transaction(all_of_it)
        except accounts.AccountError as error:
            raise RefusedError(422, "account", str(error)) from None

    @routes.get("")
    @requires(Action.MANAGE_USERS)
    async def users(request: Request) -> list[User]:
        principal, tree = principal_of(request), await places.tree()
        return await sign_ins_.transaction(lambda session: _users(session, principal, tree))

    @routes.get("/units")
    @requires(Action.MANAGE_USERS)
    async def units(request: Request, search: str = "") -> list[UnitFound]:
        """Units that the caller administers and whose code or name holds `search`, without diacritics."""
        principal, tree = principal_of(request), await places.tree()
        wanted = _folded(search)
        found = [
            UnitFound(id=unit.id, code=unit.code, name=unit.name, within=_within(unit.parent, tree))
            for unit in tree.units.values()
            if wanted in _folded(f"{unit.code} {unit.name}")
            and principal.rights.may(Action.MANAGE_USERS, tree.unit_path(unit.id))
        ]
        return sorted(found, key=lambda unit: (not _folded(unit.name).startswith(wanted), unit.name))[
            :MAX_UNITS_FOUND
        ]

    @routes.post("", status_code=201)
    @requires(Action.MANAGE_USERS)
    async def add(new: NewUser, request: Request) -> OneTime:
        principal, tree = principal_of(request), await places.tree()
        _refuse_place(principal, new.unit, tree)
        password = one_time_password()

        def work(session: Session) -> User:
            account = accounts.add(
                session, new.name, password, clock(), display_name=new.display_name, role=new.role, unit=new.unit,
                must_change_password=True, by=principal.name,
            )  # fmt: skip
            detail = {"role": new.role.value, "unit": new.unit}
            audit.record(
                session, principal.name, "user.added", account.name, detail, now=clock(), address=address_of(request)
            )
            return _user(session, account, principal, tree)

        try:
            return OneTime(user=await sign_ins_.transaction(work), password=password)
        except accounts.AccountError as error:
            raise RefusedError(422, "account", str(error)) from None

    @routes.patch("/{name}")
    @requires(Action.MANAGE_USERS)
    async def edit(name: str, changed: ChangedUser, request: Request) -> User:
        tree = await places.tree()

        def work(session: Session, principal: Principal) -> User:
            account = accounts.find(session, name, disabled_too=True)
            assert account is not None
            if changed.display_name is not None:
                account = accounts.rename(session, name, changed.display_name)
            if changed.disabled is not None:
                account = accounts.set_disabled(session, name, clock(), disabled=changed.disabled)
                if changed.disabled:
                    sign_ins.end_all(session, account.id, clock(), "user disabled")
            return _user(session, account, principal, tree)

        return await change(request, name, "user.changed", work, **changed.model_dump(exclude_none=True))

    @routes.post("/{name}/one-time-password")
    @requires(Action.MANAGE_USERS)
    async def reset(name: str, request: Request) -> OneTime:
        """For somebody who forgot the password: ends their sessions and revokes their API tokens."""
        tree = await places.tree()
        password = one_time_password()

        def work(session: Session, principal: Principal) -> OneTime:
            account = accounts.reset_password(session, name, password)
            sign_ins.end_all(session, account.id, clock(), "password reset")
            api_tokens.revoke_all(session, account.id, clock())
            return OneTime(user=_user(session, account, principal, tree), password=password)

        return await change(request, name, "user.password_reset", work)

    @routes.delete("/{name}/totp", status_code=204)
    @requires(Action.MANAGE_USERS)
    async def remove_totp(name: str, request: Request) -> None:
        """For somebody who lost telephone and recovery codes; ends their sessions."""

        def work(session: Session, _: Principal) -> None:
            account = accounts.find(session, name, disabled_too=True)
            assert account is not None
            totp.remove(session, account.id)
            sign_ins.end_all(session, account.id, clock(), "totp removed")

        await change(request, name, "user.totp_removed", work)

    @routes.post("/{name}/grants", status_code=201)
    @requires(Action.MANAGE_USERS)
    async def grant(name: str, new: NewGrant, request: Request) -> User:
        tree = await places.tree()
        _refuse_place(principal_of(request), new.unit, tree)

        def work(session: Session, principal: Principal) -> User:
            accounts.grant(session, name, new.role, new.unit, clock(), principal.name)
            return _found(session, name, principal, tree)

        return await change(request, name, "user.granted", work, role=new.role.value, unit=new.unit)

    @routes.delete("/{name}/grants/{grant_id}")
    @requires(Action.MANAGE_USERS)
    async def revoke(name: str, grant_id: RowNumber, request: Request) -> User:
        tree = await places.tree()

        def work(session: Session, principal: Principal) -> User:
            accounts.revoke(session, name, grant_id)
            return _found(session, name, principal, tree)

        return await change(request, name, "user.grant_revoked", work, grant=grant_id)

    return routes


def _refuse_place(principal: Principal, unit: int | None, tree: UnitTree) -> None:
    if unit is not None and unit not in tree.units:
        raise RefusedError(422, "unit", f"Không có đơn vị {unit}. / There is no unit {unit}.")
    if not principal.rights.may(Action.MANAGE_USERS, tree.unit_path(unit)):
        raise RefusedError(
            403, "rights", "Bạn không quản trị đơn vị này. / You do not administer that part of the tree."
        )


def _refuse_foreign(session: Session, principal: Principal, name: str, tree: UnitTree) -> None:
    target = accounts.find(session, name, disabled_too=True)
    if target is None:
        raise RefusedError(404, "unknown", f"Không có người dùng {name!r}. / There is no user {name!r}.")
    if not may_administer(principal.rights, target.rights, tree.paths):
        raise RefusedError(
            403,
            "rights",
            "Người này có quyền ngoài phần bạn quản trị. / This user has rights beyond what you administer.",
        )


def _users(session: Session, principal: Principal, tree: UnitTree) -> list[User]:
    return [
        _user(session, account, principal, tree)
        for account in accounts.everyone(session)
        if account.name == principal.name
        or may_administer(principal.rights, account.rights, tree.paths)
        or any(principal.rights.may(Action.MANAGE_USERS, tree.unit_path(one.unit)) for one in account.rights.grants)
    ]


def _found(session: Session, name: str, principal: Principal, tree: UnitTree) -> User:
    account = accounts.find(session, name, disabled_too=True)
    assert account is not None
    return _user(session, account, principal, tree)


def _user(session: Session, account: accounts.Account, principal: Principal, tree: UnitTree) -> User:
    return User(
        name=account.name,
        display_name=account.display_name,
        disabled=account.disabled,
        has_totp=account.has_totp,
        must_change_password=account.must_change_password,
        yours=may_administer(principal.rights, account.rights, tree.paths),
        grants=[
            Grant(
                id=one.id,
                role=one.role,
                unit=one.unit,
                unit_code=one.unit_code,
                unit_name=one.unit_name,
                granted_at=one.granted_at,
                granted_by=one.granted_by,
            )
            for one in accounts.grants(session, account.name)
        ],
    )


def _within(parent: int | None, tree: UnitTree) -> str:
    return " · ".join(tree.units[unit].name for unit in reversed(tree.unit_path(parent))) if parent else ""


def _folded(text: str) -> str:
    flat = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(character for character in flat if not unicodedata.combining(character))
