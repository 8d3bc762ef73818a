"""What must be true of the directory after a change. Asked of a draft; reads, never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import exists, or_, select

from collector.directory import states
from collector.directory.draft import Alteration, Draft
from collector.directory.entry import required_problems
from collector.directory.failure import Message, Problem
from collector.directory.nouns import NOUNS, State
from collector.tables import Line, LineMinute, Node, SampleWriter, Site

MAX_DEPTH = 16
MAX_NAMED = 3

Found = Iterator[tuple[str, Message]]


def problems(draft: Draft) -> list[Problem]:
    """All that is wrong with what the draft would change; empty: it may be written."""
    found = []
    alterations = list(draft.alterations())
    for one in alterations:
        if one.after is not None:
            found += [Problem(one.noun, one.key, field, reason) for field, reason in _kept(draft, one, one.after)]
    for noun in NOUNS:
        gone = [one.key for one in alterations if one.noun == noun and one.after is None]
        found += [Problem(noun, key, "", reason) for key, reason in _removed(draft, noun, gone)]
    return found


def _kept(draft: Draft, one: Alteration, state: State) -> Found:
    noun = NOUNS[one.noun]
    yield from required_problems(noun, state)
    for field in noun.fields:
        if field.refers and state[field.name] is not None and draft.get(field.refers, state[field.name]) is None:
            yield (
                field.name,
                Message(
                    f"Không có {field.vi.lower()} {state[field.name]!r}.",
                    f"There is no {field.en.lower()} {state[field.name]!r}.",
                ),
            )
    if (own := RULES.get(one.noun)) is not None:
        yield from own(draft, one.key, state)


def _removed(draft: Draft, noun: str, keys: Sequence[str]) -> Iterator[tuple[str, Message]]:
    """Nothing may be left that refers to them, and what was measured of them must keep its name."""
    if not keys:
        return
    numbers = states.find_rows(draft.session, NOUNS[noun], keys)
    for key, others in states.referrers(draft.session, noun, numbers).items():
        left = [
            (other, name)
            for other, name in others
            if (state := draft.get(other, name)) is not None and _refers(other, state, noun, key)
        ]
        for other, name in left[:MAX_NAMED]:
            yield (
                key,
                Message(
                    f"Còn {NOUNS[other].vi} {name} gắn với mục này; hãy gỡ trước, hoặc đóng mục này.",
                    f"The {NOUNS[other].en} {name} still refers to it; change that first, or close this instead.",
                ),
            )
    measured = _measured(draft, noun, numbers)
    for key in (key for key, number in numbers.items() if number in measured):
        yield (
            key,
            Message(
                "Đã có số liệu đo hoặc máy đã ghi danh; hãy đóng thay vì xóa.",
                "Something was measured there, or a machine is enrolled; close it instead of deleting it.",
            ),
        )


def _measured(draft: Draft, noun: str, numbers: Mapping[str, int]) -> set[int]:
    statements = {
        "lines": select(Line.id).where(exists().where(LineMinute.line_id == Line.id)),
        "sites": select(Site.id).where(
            or_(exists().where(Node.site_id == Site.id), exists().where(SampleWriter.site_id == Site.id))
        ),
    }
    if noun not in statements:
        return set()
    statement = statements[noun]
    if len(numbers) <= states.AT_ONCE:
        statement = statement.where((Line.id if noun == "lines" else Site.id).in_(numbers.values()))
    return set(draft.session.scalars(statement))


def _refers(noun: str, state: Mapping[str, Any], to_noun: str, to_key: str) -> bool:
    if any(field.refers == to_noun and state[field.name] == to_key for field in NOUNS[noun].fields):
        return True
    return to_noun == "units" and any(past["unit"] == to_key for past in state.get("past") or ())


def _unit(draft: Draft, key: str, state: State) -> Found:
    since, until = state["valid_from"], state["valid_to"]
    if until is not None and until <= since:
        yield "valid_to", Message("Phải sau ngày bắt đầu.", "It must be after the first day.")
    for field, vi, en in (("parent", "cấp trên", "parents"), ("successor", "đơn vị kế thừa", "successors")):
        if _is_circle(draft, key, field):
            yield field, Message(f"Các {vi} tạo thành vòng tròn.", f"The {en} form a circle.")
    for other in draft.units_of_code(state["code"]):
        if other["valid_from"] != since and _overlap(since, until, other["valid_from"], other["valid_to"]):
            whose = f"{other['name']} ({other['valid_from']} – {other['valid_to'] or '…'})"
            yield "code", Message(f"Cùng lúc mã này thuộc về {whose}.", f"At the same time the code is {whose}'s.")


def _is_circle(draft: Draft, key: str, field: str) -> bool:
    step, seen = key, 0
    while (state := draft.get("units", step)) is not None and state[field] is not None:
        step, seen = state[field], seen + 1
        if step == key or seen > MAX_DEPTH:
            return True
    return False


def _overlap(since: str, until: str | None, other_since: str, other_until: str | None) -> bool:
    # ISO dates compare as text.
    return (until is None or other_since < until) and (other_until is None or since < other_until)


def _site(draft: Draft, key: str, state: State) -> Found:
    if (state["latitude"] is None) != (state["longitude"] is None):
        yield "latitude", Message("Cần cả vĩ độ và kinh độ.", "Give both latitude and longitude.")
    pasts = state["past"] or []
    for past in pasts:
        if draft.get("units", past["unit"]) is None:
            yield "past", Message(f"Không có đơn vị {past['unit']!r}.", f"There is no unit {past['unit']!r}.")
    days = [past["until"] for past in pasts]
    if days != sorted(set(days)):
        yield "past", Message("Các ngày phải tăng dần.", "The days must come one after the other.")


def _telephone(draft: Draft, key: str, state: State) -> Found:
    if state["person"] is None and state["site"] is None:
        yield "person", Message("Cần người hoặc địa điểm.", "Give a person or a site.")


RULES: dict[str, Callable[[Draft, str, State], Found]] = {"units": _unit, "sites": _site, "telephones": _telephone}
