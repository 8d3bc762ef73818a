"""What a person reads: an alert with its cause and the next step, as a letter and as one SMS. Pure; sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from exporters.oncall.contracts import AlertLine, Kind, Language, Message, Notice
from exporters.oncall.gsm7 import fit, plain, septets
from exporters.oncall.phrases import CHECKS, HEADLINES, PHRASES, VI, Phrases

SMS_SEPTETS = 160
MAX_TEXT_CHARACTERS = 1900
MAX_SUBJECT_CHARACTERS = 200
MAX_PLACES = 6
MAX_OTHERS = 3
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_LONGEST_SMS_LINK = 110
_LEAST_SMS_WORDS = 20


class Wording:
    """`exporters.oncall.contracts.Texts`."""

    def message(self, notice: Notice, to: str) -> Message:
        words = PHRASES.get(notice.language, VI)
        head = _head(notice, words)
        return Message(
            to=to,
            key=notice.key,
            subject=_clip(head, MAX_SUBJECT_CHARACTERS),
            text=_text(notice, words, head),
            short=_short(notice, words, head),
            link=notice.link,
            parameters=_parameters(notice, words),
        )


def _head(notice: Notice, words: Phrases) -> str:
    """One sentence: how bad, where, what, since when."""
    place = _line(notice.place)
    match notice.kind:
        case Kind.TEST:
            return f"[{words.test}] {words.test_body.format(time=_moment(notice.now, notice.now))}"
        case Kind.RESOLVED:
            first = _worst(notice)
            ended = max((one.ended or notice.now for one in notice.alerts), default=notice.now)
            span = words.lasted.format(
                start=_moment(notice.began, notice.now),
                end=_moment(ended, notice.now),
                duration=_duration(ended - notice.began, words),
            )
            return f"[{words.resolved}] {place} – {_headline(first, notice, words)} {span}."
        case Kind.STORM | Kind.SUMMARY:
            count = sum(notice.counts.values()) or len(notice.alerts)
            storm = words.storm if notice.kind is Kind.STORM else words.held_back
            mark = words.summary if notice.kind is Kind.SUMMARY else _severity(notice, words)
            where = f"{place} – " if place else ""
            return f"[{mark}] {where}{storm.format(count=count)}, {_since(notice, words)}."
        case _:
            first = _worst(notice)
            worse = f", {words.worse}" if notice.kind is Kind.WORSENED else ""
            return (
                f"[{_severity(notice, words)}] {place} – {_headline(first, notice, words)}"
                f"{worse} {_since(notice, words)}."
            )


def _text(notice: Notice, words: Phrases, head: str) -> str:
    lines = list(_lines(notice, words, head))
    # The link and what is first to be done stand last and must not be what is cut.
    tail = list(_tail(notice, words))
    room = MAX_TEXT_CHARACTERS - sum(len(line) + 1 for line in tail)
    return "\n".join([*_within(lines, room), *tail])


def _lines(notice: Notice, words: Phrases, head: str) -> Iterator[str]:
    check = _check(notice, words)
    yield f"{head} {check}".rstrip()
    if notice.kind is Kind.ESCALATED:
        yield words.not_taken.format(name=_line(notice.previous)) if notice.previous else words.reminder
    if notice.cause is not None:
        yield words.cause.format(cause=_line(_of(notice.cause, notice)))
    if notice.kind in (Kind.STORM, Kind.SUMMARY):
        ordered = sorted(notice.counts.items(), key=lambda one: (-one[1], one[0]))
        for name, count in ordered[:MAX_PLACES]:
            yield f"• {_line(name)}: {count}"
        if len(ordered) > MAX_PLACES:
            yield f"• … {sum(count for _, count in ordered[MAX_PLACES:])}"
        return
    others = [one for one in notice.alerts if one is not _worst(notice)]
    for one in others[:MAX_OTHERS]:
        ended = f", {words.ended}" if one.ended is not None and notice.kind is not Kind.RESOLVED else ""
        yield words.also.format(summary=f"{_headline(one, notice, words)} ({_moment(one.began, notice.now)}{ended})")
    if len(others) > MAX_OTHERS:
        yield words.more.format(count=len(others) - MAX_OTHERS)
    steps = _worst(notice).steps if notice.alerts and notice.kind is not Kind.RESOLVED else ()
    if steps:
        yield words.steps
        yield from (f"{number}. {_line(_of(step, notice))}" for number, step in enumerate(steps, 1))
    if notice.kind is Kind.RESOLVED and notice.taken_by:
        yield words.taken_by.format(name=_line(notice.taken_by))


def _tail(notice: Notice, words: Phrases) -> Iterator[str]:
    if not notice.link:
        return
    yield words.accept.format(link=notice.link)
    parts = urlsplit(notice.link)
    if notice.alerts and _worst(notice).runbook and parts.netloc:
        yield words.runbook.format(link=f"{parts.scheme}://{parts.netloc}{_worst(notice).runbook}")


def _short(notice: Notice, words: Phrases, head: str) -> str:
    """At most 160 septets; the link whole or not at all: half a link opens nothing."""
    link = plain(notice.link)
    if link != notice.link or septets(link) > _LONGEST_SMS_LINK:
        link = ""
    ending = f" {words.accept_short} {link}" if link else ""
    room = SMS_SEPTETS - septets(ending)
    sentence = plain(_line(head))
    if septets(sentence) > room:
        sentence = plain(_line(_tight_head(notice, words, room)))
    extra = plain(_line(_check(notice, words) or _where(notice)))
    if notice.hotline and septets(sentence) + 1 + septets(extra) > room:
        extra = plain(words.check.format(steps=words.call.format(hotline=_line(notice.hotline))))
    if extra and septets(sentence) + 1 + septets(extra) <= room:
        sentence = f"{sentence} {extra}"
    elif extra and room - septets(sentence) > _LEAST_SMS_WORDS:
        sentence = f"{sentence} {fit(extra, room - septets(sentence) - 1)}"
    return fit(sentence, room) + ending


def _tight_head(notice: Notice, words: Phrases, room: int) -> str:
    """The time stays readable: the place and the summary give way."""
    if notice.kind not in (Kind.OPENED, Kind.WORSENED, Kind.ESCALATED, Kind.RESOLVED):
        return _head(notice, words)
    mark = plain(words.resolved if notice.kind is Kind.RESOLVED else _severity(notice, words))
    since = plain(_since(notice, words))
    left = room - septets(f"[{mark}]  -  {since}.")
    place = fit(plain(_line(notice.place)), max(left // 2, 10))
    what = fit(plain(_headline(_worst(notice), notice, words)), max(left - septets(place), 10))
    return f"[{mark}] {place} - {what} {since}."


def _check(notice: Notice, words: Phrases) -> str:
    if notice.kind not in (Kind.OPENED, Kind.WORSENED, Kind.ESCALATED) or not notice.alerts:
        return ""
    steps = [_of(step, notice) for step in CHECKS.get(_worst(notice).name, ())]
    if notice.hotline:
        steps.append(words.call.format(hotline=_line(notice.hotline)))
    return words.check.format(steps=" → ".join(steps)) if steps else ""


def _where(notice: Notice) -> str:
    ordered = sorted(notice.counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{_line(name)} {count}" for name, count in ordered[:MAX_PLACES])


def _parameters(notice: Notice, words: Phrases) -> dict[str, str]:
    """Names that a channel's template may ask for (docs of the channels list them)."""
    first = _headline(_worst(notice), notice, words) if notice.alerts else words.trouble
    return {
        "kind": notice.kind.value,
        "severity": words.resolved if notice.kind is Kind.RESOLVED else _severity(notice, words),
        "place": _line(notice.place),
        "trouble": first,
        "since": _moment(notice.began, notice.now),
        "duration": _duration(notice.now - notice.began, words),
        "cause": _line(_of(notice.cause, notice)) if notice.cause else "",
        "check": _check(notice, words),
        "hotline": _line(notice.hotline),
        "link": notice.link,
        "taken_by": _line(notice.taken_by),
    }


def _severity(notice: Notice, words: Phrases) -> str:
    return words.severities.get(notice.severity, words.severities["warning"])


_NO_ALERT = AlertLine("", "warning", Language(VI.trouble, PHRASES["en"].trouble), 0.0)


def _worst(notice: Notice) -> AlertLine:
    """What the sentence is about: what still lasts before what is over, critical before warning, the oldest first."""
    order = ("critical", "warning")
    return min(
        notice.alerts,
        key=lambda one: (
            one.ended is not None,
            order.index(one.severity) if one.severity in order else len(order),
            one.began,
        ),
        default=_NO_ALERT,
    )


def _headline(alert: AlertLine, notice: Notice, words: Phrases) -> str:
    said = _line(_of(HEADLINES.get(alert.name, alert.summary), notice)).rstrip(".")
    return said or words.trouble


def _since(notice: Notice, words: Phrases) -> str:
    return words.since.format(
        time=_moment(notice.began, notice.now), duration=_duration(notice.now - notice.began, words)
    )


def _of(text: Language, notice: Notice) -> str:
    return text.en if notice.language == "en" and text.en else text.vi


def _moment(at: float, now: float) -> str:
    """08:12; 08:12 13/3 on another day, with the year in another year. Local time of the sites."""
    moment, today = datetime.fromtimestamp(at, ZONE), datetime.fromtimestamp(now, ZONE)
    clock = f"{moment:%H:%M}"
    if moment.date() == today.date():
        return clock
    day = f"{moment.day}/{moment.month}"
    return f"{clock} {day}" if moment.year == today.year else f"{clock} {day}/{moment.year}"


def _duration(seconds: float, words: Phrases) -> str:
    minutes = max(0, int(seconds // 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        parts = [words.day.format(count=days), words.hour.format(count=hours) if hours else ""]
    elif hours:
        parts = [words.hour.format(count=hours), words.minute.format(count=minutes) if minutes else ""]
    else:
        parts = [words.minute.format(count=minutes)]
    return " ".join(part for part in parts if part)


def _line(text: str) -> str:
    """What came from outside stays on its line."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _within(lines: list[str], room: int) -> Iterator[str]:
    for line in lines:
        if room < 2:
            return
        clipped = _clip(line, room - 1)
        room -= len(clipped) + 1
        yield clipped
