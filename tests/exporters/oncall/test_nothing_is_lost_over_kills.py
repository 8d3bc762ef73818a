"""Whatever happens and whenever it is killed: nobody who must know is left out, and a kill repeats at most one."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from exporters.oncall import duty
from exporters.oncall.duty import Actor
from exporters.oncall.webhook import Notification
from hub import database
from tests.exporters.oncall.desk import Clock, Desk, Remembering, firing, over

SITES = ("kx", "yb", "tt")
steps = st.lists(
    st.tuples(
        st.sampled_from(("fire", "fire", "over", "wait", "kill", "take", "back")),
        st.integers(0, 2),
        st.integers(0, 900),
    ),
    max_size=30,
)
_numbers = itertools.count()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=steps)
def test_everybody_who_was_told_hears_of_the_end_and_each_kill_repeats_at_most_one_message(
    history: list[tuple[str, int, int]], tmp_path: Path, migrated: Path
) -> None:
    file = tmp_path / f"{next(_numbers)}.db"
    shutil.copy(migrated / "hub.db", file)
    asyncio.run(_live(history, file))


async def _live(history: list[tuple[str, int, int]], file: Path) -> None:
    engine = database.open_engine(file)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    channel, clock = Remembering(), Clock()
    desk = Desk(engine, [channel], clock=clock)
    killed = 0
    for what, number, seconds in history:
        clock.now += seconds
        site = SITES[number]
        alert = firing(site=site, line=f"{site}-1")
        match what:
            case "fire" | "over":
                said = alert if what == "fire" else over(alert)
                body = {"groupKey": site, "alerts": [said]}
                await desk.bridge.take(Notification.model_validate(body))
                await desk.bridge.round()
                if number:
                    await desk.send()
            case "kill":
                # In the middle of sending, when there is something to send.
                before, channel.hang = len(channel.sent), True
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await desk.send()
                channel.hang = False
                killed += len(channel.sent) - before
                desk.bridge.close()
                desk = Desk(engine, [channel], clock=clock)
                await desk.bridge.posting.recover()
            case "take" | "back":
                work = duty.acknowledge if what == "take" else duty.hand_back
                for one in desk.troubles():
                    await desk.bridge.answer(lambda session, now, one=one, work=work: work(  # type: ignore[misc]
                        session, one.row.id, Actor("an", "An"), now
                    ))  # fmt: skip
                await desk.look()
            case _:
                await desk.look()
    for site in SITES:
        await desk.say(over(firing(site=site, line=f"{site}-1")), group=site)
    for _ in range(4):
        await desk.look(901)
    assert {one.row.state for one in desk.troubles()} <= {"resolved"}
    assert {state for _, _, state in desk.deliveries()} <= {"sent", "overtaken"}
    sent = Counter(message.key for message in channel.sent)
    assert sum(sent.values()) - len(sent) <= killed
    _everybody_hears_of_the_end(sent)
    desk.bridge.close()
    engine.dispose()


def _everybody_hears_of_the_end(sent: Counter[str]) -> None:
    told: set[tuple[str, str]] = set()
    heard: set[tuple[str, str]] = set()
    for key in sent:
        trouble, kind, _, person = key.split(":", 3)
        (heard if kind == "resolved" else told).add((trouble, person))
    assert told == heard
