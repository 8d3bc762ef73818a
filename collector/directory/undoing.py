"""Taking changes back, unless something newer stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy.orm import Session

from collector.directory import changes, editing
from collector.directory.changes import Change
from collector.directory.draft import Draft
from collector.directory.failure import ConflictError, UnknownError
from collector.directory.nouns import NOUNS

FEW = 10
"""Objects that are read one by one; of more, whole nouns at once."""

Allowed = Callable[[Draft], None]


def undo_change(
    session: Session, number: int, *, actor: str, now: float, allowed: Allowed = lambda _: None
) -> list[Change]:
    """`allowed` may refuse the draft. Raises UnknownError, ConflictError, RefusedError and what `allowed` raises."""
    change = changes.find(session, number)
    if change is None:
        raise UnknownError("changes", str(number))
    return _undo(session, [change], actor, now, allowed)


def undo_batch(
    session: Session, batch: str, *, actor: str, now: float, allowed: Allowed = lambda _: None
) -> list[Change]:
    """All that was done in one go, or nothing. Raises as `undo_change`."""
    found = changes.of_batch(session, batch)
    if not found:
        raise UnknownError("batches", batch)
    return _undo(session, found, actor, now, allowed)


def _undo(session: Session, wanted: Sequence[Change], actor: str, now: float, allowed: Allowed) -> list[Change]:
    wanted = [*wanted, *_first_lines(session, wanted)]
    draft = Draft(session)
    own = {change.id for change in wanted}
    if len(wanted) > FEW:
        draft.read_all(*NOUNS)
    newest = changes.newest(session, wanted)
    for change in wanted:
        last = newest[change.noun, change.key]
        what = f"{change.noun} {change.key}"
        if last.id not in own:
            raise ConflictError(
                f"{what} đã được {last.actor} sửa sau đó (thay đổi {last.id}); hãy hoàn tác thay đổi ấy trước.",
                f"{what} was changed by {last.actor} since (change {last.id}); undo that change first.",
            )
        if draft.before(change.noun, change.key) != last.after:
            raise ConflictError(
                f"{what} không còn như sau thay đổi {change.id}; hãy sửa bằng tay.",
                f"{what} is no longer as change {change.id} left it; edit it by hand.",
            )
    for change in sorted(wanted, key=lambda change: -change.id):
        draft.put(change.noun, change.key, change.before)
    allowed(draft)
    undoes = {(change.noun, change.key): change.id for change in wanted}
    return editing.commit(draft, actor=actor, now=now, undoes=undoes)


def _first_lines(session: Session, wanted: Sequence[Change]) -> Iterator[Change]:
    """Lines that came with a site whose adding is taken back."""
    own = {change.id for change in wanted}
    sites = {(one.batch, one.key) for one in wanted if one.noun == "sites" and one.before is None}
    for batch in sorted({batch for batch, _ in sites}):
        for other in changes.of_batch(session, batch):
            came = other.noun == "lines" and other.before is None and other.after is not None
            if came and other.id not in own and (batch, (other.after or {})["site"]) in sites:
                yield other
