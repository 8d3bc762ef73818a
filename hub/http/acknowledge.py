"""/t/TOKEN: the page behind a message's link. Works on any telephone, without signing in and without scripts.

Reading it takes nothing: whoever shows a preview of a link reads it too. Only its button does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from collector import audit
from collector.directory.days import HANOI
from exporters.oncall import duty, listing, notices, store
from exporters.oncall.bridge import Bridge
from exporters.oncall.contracts import Cause, Language
from exporters.oncall.duty import Actor, Answer, Answered
from exporters.oncall.links import PATH, LinkError, LinkOwner
from exporters.oncall.listing import Detailed
from exporters.oncall.nouns import CRITICAL, State, rank
from exporters.oncall.tables import DeliveryRow
from hub.http.principal import address_of
from hub.http.rights import public

MAX_ALERTS = 10
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/hop/static/theme.css">
<link rel="stylesheet" href="/static/runbook.css">
</head>
<body>
<header class="runbook-bar"><a href="/"><img src="/static/icon.svg" alt="" width="28" height="28">Thông Suốt</a></header>
<main class="page runbook">
{body}
</main>
</body>
</html>
"""  # noqa: E501 - a page as it is sent


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page is made of. `person`: the link's."""

    found: Detailed
    owner: LinkOwner
    name: str
    language: str


def router(bridge: Bridge, clock: Callable[[], float]) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get(f"{PATH}/{{token}}")
    @public("the signed link of a message is the key; reading takes nothing")
    async def page(token: str) -> HTMLResponse:
        try:
            owner = bridge.links.owner(token, clock())
        except LinkError as error:
            return _refused(error)
        return await shown(owner, "")

    @routes.post(f"{PATH}/{{token}}")
    @public("the signed link of a message is the key")
    async def take(token: str, request: Request) -> HTMLResponse:
        try:
            owner = bridge.links.owner(token, clock())
        except LinkError as error:
            return _refused(error)

        def work(session: Session, now: float) -> Answered:
            actor = Actor(owner.person, _name(session, owner), by_link=True)
            answered = duty.acknowledge(session, owner.trouble, actor, now)
            if answered.answer is Answer.DONE:
                audit.record(
                    session, owner.person, "alert.acknowledged", f"trouble {owner.trouble}", {"by": "link"},
                    now=now, address=address_of(request),
                )  # fmt: skip
            return answered

        answered = await bridge.answer(work)
        return await shown(owner, answered.answer)

    async def shown(owner: LinkOwner, answer: str) -> HTMLResponse:
        def read(session: Session) -> Shown | None:
            found = listing.one(session, owner.trouble)
            return Shown(found, owner, _name(session, owner), _language(session, owner)) if found else None

        what = await bridge.writer.call(read)
        if what is None:
            return _refused(LinkError(expired=True))
        trouble = store.trouble_of(what.found.listed.row, [store.alert_of(one) for one in what.found.listed.alerts])
        cause = bridge.cause_of(trouble)
        return _html(200, what.language, *_body(what, bridge, cause, answer, clock()))

    return routes


def _body(what: Shown, bridge: Bridge, cause: Cause | None, answer: str, now: float) -> tuple[str, str]:
    """Title and body."""
    vi = what.language == "vi"
    row = what.found.listed.row
    trouble = store.trouble_of(row, [store.alert_of(one) for one in what.found.listed.alerts])
    place = notices.place_name(trouble, bridge.places)
    alerts = sorted(trouble.firing or trouble.alerts, key=lambda one: (-rank(one.severity), one.began))
    lines = [bridge.words.line(one) for one in alerts[:MAX_ALERTS]]
    is_bad = row.severity == CRITICAL
    severe = _say(vi, "Nghiêm trọng", "Critical") if is_bad else _say(vi, "Cần chú ý", "Warning")
    parts = [
        f'<p class="state" data-state="{"bad" if is_bad else "weak"}">{severe}</p>',
        f"<h1>{escape(place)}</h1>",
        f"<p>{_since(row.opened_at, row.resolved_at, now, vi)}</p>",
        _state(what, answer, vi),
        "<ul>"
        + "".join(
            f"<li>{escape(_of(line.summary, vi))} <small>({_moment(line.began)})</small></li>" for line in lines
        )
        + "</ul>",
    ]
    if len(alerts) > MAX_ALERTS:
        more = len(alerts) - MAX_ALERTS
        parts.append(f"<p>{_say(vi, f'và {more} cảnh báo khác', f'and {more} more alerts')}</p>")
    if cause is not None:
        parts.append(f"<h2>{_say(vi, 'Nguyên nhân', 'Cause')}</h2><p>{escape(_of(cause.text, vi))}</p>")
    hotline = cause.hotline if cause is not None else notices.hotline_of(alerts, bridge.places)
    if hotline:
        call = escape(hotline)
        parts.append(f'<p><a class="button" href="tel:{call}">{_say(vi, "Gọi nhà mạng", "Call")} {call}</a></p>')
    if lines and lines[0].steps and row.state != State.RESOLVED:
        steps = "".join(f"<li>{escape(_of(step, vi))}</li>" for step in lines[0].steps)
        title = _say(vi, "Việc làm đầu tiên", "First steps")
        parts.append(f'<section class="card"><h2>{title}</h2><ol>{steps}</ol></section>')
    if lines and lines[0].runbook:
        link = escape(urlsplit(lines[0].runbook).path)
        parts.append(f'<p><a href="{link}">{_say(vi, "Hướng dẫn xử lý", "Handling guide")}</a></p>')
    return f"{place} – Thông Suốt", "\n".join(part for part in parts if part)


def _state(what: Shown, answer: str, vi: bool) -> str:
    """Who has it, or the button that takes it."""
    row = what.found.listed.row
    if row.state == State.RESOLVED:
        return _good(_say(vi, "Đã khắc phục. Không cần làm gì thêm.", "Over. Nothing to be done."))
    if row.acknowledged_at is None:
        label = _say(vi, "Tôi tiếp nhận", "I take it")
        whom = escape(_say(vi, f"với tên {what.name}", f"as {what.name}"))
        button = f'<button class="button button--primary button--big" type="submit">{label}</button>'
        return f'<form method="post">{button} <small>{whom}</small></form>'
    at = _moment(row.acknowledged_at)
    if row.acknowledged_by == what.owner.person:
        return _good(_say(vi, f"Bạn đã tiếp nhận lúc {at}.", f"You have taken it at {at}."))
    name = row.acknowledged_name
    words = _say(vi, f"{name} đã tiếp nhận lúc {at}.", f"{name} has taken it at {at}.")
    late = _say(vi, " Bạn không phải làm gì.", " You need not do anything.") if answer == Answer.OTHER else ""
    return _good(words + late)


def _good(words: str) -> str:
    return f'<p class="notice" data-state="good">{escape(words)}</p>'


def _since(opened: float, resolved: float | None, now: float, vi: bool) -> str:
    minutes = max(0, int(((resolved or now) - opened) // 60))
    span = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    if vi:
        span = f"{minutes // 60} giờ {minutes % 60} phút" if minutes >= 60 else f"{minutes} phút"
    if resolved is not None:
        return _say(vi, f"Từ {_moment(opened)} đến {_moment(resolved)} ({span})",
                    f"From {_moment(opened)} to {_moment(resolved)} ({span})")  # fmt: skip
    return _say(vi, f"Từ {_moment(opened)} ({span})", f"Since {_moment(opened)} ({span})")


def _moment(at: float) -> str:
    local = datetime.fromtimestamp(at, HANOI)
    return f"{local:%H:%M} {local.day}/{local.month}"


def _say(vi: bool, in_vietnamese: str, in_english: str) -> str:
    return in_vietnamese if vi else in_english


def _of(text: Language, vi: bool) -> str:
    return text.vi if vi else text.en


def _name(session: Session, owner: LinkOwner) -> str:
    row = _delivery(session, owner)
    return row.name if row else owner.person


def _language(session: Session, owner: LinkOwner) -> str:
    row = _delivery(session, owner)
    return "en" if row and row.language == "en" else "vi"


def _delivery(session: Session, owner: LinkOwner) -> DeliveryRow | None:
    return listing.delivery_to(session, owner.trouble, owner.person)


def _refused(error: LinkError) -> HTMLResponse:
    what = (
        ("Liên kết đã hết hạn", "Mở bảng giám sát để xem sự cố.", "This link has expired: look at the board.")
        if error.expired
        else ("Liên kết không đúng", "Mở lại liên kết trong tin nhắn, nguyên vẹn.",
              "This link is not whole: open the one in the message.")
    )  # fmt: skip
    body = f'<h1>{what[0]}</h1><p>{what[1]}</p><p lang="en">{what[2]}</p><p><a href="/">Thông Suốt</a></p>'
    return _html(410 if error.expired else 404, "vi", what[0], body)


def _html(status: int, language: str, title: str, body: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(language=language, title=escape(title), body=body), status, _HEADERS)
