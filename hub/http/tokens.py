"""A user's own API tokens: made with scope and end, shown once, revoked."""

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from collector import accounts, audit
from collector.accounts import api_tokens
from collector.accounts.rights import Scope
from hub.http.principal import address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import SIGNED_IN, declare
from hub.http.row_numbers import RowNumber
from hub.http.sign_in import SignIns


class NewToken(BaseModel):
    name: str = Field(min_length=1, max_length=100, examples=["grafana"])
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    days: int = Field(ge=1, le=api_tokens.MAX_DAYS, examples=[90])


class Token(BaseModel):
    """Instants in Unix seconds."""

    id: int
    name: str
    scopes: list[str]
    created_at: float
    expires_at: float
    last_used_at: float | None
    last_address: str | None


class MadeToken(BaseModel):
    """`token` is shown this once."""

    token: str
    record: Token


def router(sign_ins: SignIns) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/account/tokens", tags=["account"])
    clock = sign_ins.clock

    @routes.get("")
    @declare(SIGNED_IN)
    async def tokens(request: Request) -> list[Token]:
        user = principal_of(request).user_id
        return await sign_ins.transaction(
            lambda session: [_token(one) for one in api_tokens.listed(session, user, clock())]
        )

    @routes.post("", status_code=201)
    @declare(SIGNED_IN)
    async def make(asked: NewToken, request: Request) -> MadeToken:
        principal = principal_of(request)

        def work(session: Session) -> MadeToken:
            now = clock()
            token, record = api_tokens.issue(session, principal.user_id, asked.name, asked.scopes, asked.days, now)
            detail = {"scopes": list(record.scopes), "expires_at": record.expires_at}
            audit.record(
                session, principal.name, "token.made", record.name, detail, now=now, address=address_of(request)
            )
            return MadeToken(token=token, record=_token(record))

        try:
            return await sign_ins.transaction(work)
        except accounts.AccountError as error:
            raise RefusedError(422, "token", str(error)) from None

    @routes.delete("/{token_id}", status_code=204)
    @declare(SIGNED_IN)
    async def revoke(token_id: RowNumber, request: Request) -> None:
        principal = principal_of(request)

        def work(session: Session) -> None:
            record = api_tokens.revoke(session, principal.user_id, token_id, clock())
            audit.record(
                session,
                principal.name,
                "token.revoked",
                record.name,
                {"token": token_id},
                now=clock(),
                address=address_of(request),
            )

        try:
            await sign_ins.transaction(work)
        except accounts.AccountError as error:
            raise RefusedError(404, "unknown", str(error)) from None

    return routes


def _token(record: api_tokens.ApiToken) -> Token:
    return Token(
        id=record.id,
        name=record.name,
        scopes=list(record.scopes),
        created_at=record.created_at,
        expires_at=record.expires_at,
        last_used_at=record.last_used_at,
        last_address=record.last_address,
    )
