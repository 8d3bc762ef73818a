"""The collector put together: routes for nodes, periodic work, snapshot and history for board and exporters."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TypeVar

from fastapi import APIRouter
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import Request
from starlette.responses import Response

from agent.wire.configuration import CONFIG_PATH, THROUGHPUT_PATH, WRITE_PATH
from agent.wire.enrolment import ENROL_PATH
from agent.wire.events import EVENTS_PATH
from agent.wire.remote_write import NODE_TIME_HEADER
from collector import events, history
from collector.day_sums import DaySums
from collector.directory import DirectoryView, load_view
from collector.directory.days import day_of
from collector.directory.nodes import key_hash
from collector.events import EventRecord
from collector.files import replace_file
from collector.history import EpisodeRecord, LineMinutePoint, NodeMinutePoint
from collector.http import problems
from collector.http.directory import directory_router
from collector.http.directory_desk import Caller, Desk, Requires
from collector.http.enrolment import (
    Enrolment,
    configuration_response,
    enrolled_response,
    node_configuration,
)
from collector.http.node_events import NodeEvents
from collector.http.node_events_words import EVENTS_REQUEST, EVENTS_RESPONSES
from collector.http.requests import bearer_key
from collector.http.throughput import Throughput
from collector.http.write import Ingest
from collector.ingest.identity import NodeIdentity
from collector.overview import site_states
from collector.quality import retention, work
from collector.quality.evidence import purge_evidence, seal_old_evidence
from collector.quality.judging import Pass, judge
from collector.quality.minutes import seal_old
from collector.quality.profile import shipped
from collector.quality.standing import Standing, standings_of
from collector.reports.figures import day_figures
from collector.reports.model import DayFigures, MonthReport
from collector.reports.months import days_of, line_days, report
from collector.reports.places import sites_of_unit
from collector.settings import CollectorSettings
from collector.sink import Sink
from collector.snapshot import CollectorSnapshot, JudgingCounters, SecurityFindings
from collector.stamp_sessions import FILE_NAME, sessions_document
from collector.state import LatestState
from collector.tables import Node, SampleWriter
from collector.writer import DatabaseWriter

__all__ = ["Collector", "CollectorSettings"]

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
FLUSH_SECONDS = 15.0
JUDGE_SECONDS = 10.0
DAYS_SECONDS = 60.0
FINDINGS_SECONDS = 30.0
LIVE_AFTER_SECONDS = 180.0
"""So long after its start the hub says nothing of silent lines: it was silent itself."""
SEAL_SECONDS = 3600.0

Result = TypeVar("Result")


class Collector:
    """One per hub, owned by its event loop. `meeting_runs`: whether this site is in a meeting now.

    `router`: the node-facing routes of docs/protocol.md section 1, except /ca.pem and /healthz.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        sink: Sink,
        settings: CollectorSettings,
        clock: Callable[[], float] = time.time,
        meeting_runs: Callable[[str], bool] = lambda _site: False,
    ) -> None:
        self._sessions = sessions
        self._settings = settings
        self._clock = clock
        self._meeting_runs = meeting_runs
        self._writer = DatabaseWriter(sessions)
        self._state = LatestState()
        self._ingest = Ingest(sink, self._writer, self._state, settings, clock)
        self._events = NodeEvents(self._ingest, self._writer)
        self._enrolment = Enrolment(self._writer)
        self._throughput = Throughput()
        self._view: DirectoryView | None = None
        self._refreshing = asyncio.Lock()
        self._sessions_digest = b""
        self._flushed: dict[str, float] = {}
        self._started_at = clock()
        self._failures: Counter[str] = Counter()
        self._days = DaySums(sessions, self._writer, clock)
        self._standings: dict[int, Standing] = {}
        self._judging = JudgingCounters()
        self._findings: tuple[SecurityFindings, ...] = ()
        self.router = self._routes()

    @property
    def directory(self) -> DirectoryView:
        """As it was read last, at most some seconds ago; empty before the first time."""
        return self._view or DirectoryView()

    def directory_router(self, requires: Requires, caller_of: Callable[[Request], Caller]) -> APIRouter:
        """The directory's API. `requires` marks each route with what its caller must be allowed."""
        return directory_router(Desk(self._sessions, self._writer, self.refresh, caller_of, self._clock), requires)

    async def run(self) -> None:
        """Periodic work until cancelled. Failures of the database or the disk are logged and tried again."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, work, seconds in (
                    ("directory", self.refresh, REFRESH_SECONDS),
                    ("last seen", self._flush_last_seen, FLUSH_SECONDS),
                    ("judge lines", self.judge, JUDGE_SECONDS),
                    ("sum days", self._days.keep_up, DAYS_SECONDS),
                    ("count findings", self.count_findings, FINDINGS_SECONDS),
                    ("seal minutes", self._seal, SEAL_SECONDS),
                ):
                    tasks.create_task(_repeat(name, work, seconds, self._failures), name=f"collector: {name}")
        finally:
            await asyncio.shield(self._end())

    async def refresh(self) -> None:
        """Read the directory again, after a change or because another process may have changed it."""
        async with self._refreshing:
            view = await asyncio.to_thread(self._load_view)
            self._view = view
            nodes = {node.node for node in view.nodes}
            self._state.forget(nodes, {line.line for line in view.lines})
            self._ingest.forget(nodes | {one.writer for one in view.writers})
            document = sessions_document(view, self._settings.stamp_secret)
            digest = hashlib.sha256(document.encode()).digest()
            if digest != self._sessions_digest:
                await asyncio.to_thread(replace_file, self._settings.run_directory / FILE_NAME, document)
                self._sessions_digest = digest

    async def judge(self) -> None:
        """Say of all minutes written since the last time how good they were and whose fault it was."""
        while True:
            now, view = self._clock(), self.directory
            live = now - self._started_at >= LIVE_AFTER_SECONDS
            done, standings, waiting = await self._writer.call(partial(_judged, view, now, live))
            self._standings = standings
            before = self._judging
            self._judging = replace(
                before, hours=before.hours + done.hours, verdicts=before.verdicts + done.verdicts, waiting=waiting
            )
            if not waiting:
                return

    def snapshot(self, now: float) -> CollectorSnapshot:
        """`now`: Unix seconds by the hub's clock."""
        judging = replace(self._judging, events_applied=self._events.applied, events_refused=self._events.refused)
        sites = site_states(self.directory, self._state, now, self._standings)
        return CollectorSnapshot(now, sites, self._ingest.counters(), judging, dict(self._failures), self._findings)

    async def count_findings(self) -> None:
        """Look again at what the nodes' security signals found in the last day."""
        now = self._clock()
        self._findings = await asyncio.to_thread(self._read, lambda session: events.recent_findings(session, now))

    async def line_history(self, line: str, since: float, until: float) -> list[LineMinutePoint]:
        """Minutes of the line of that code that start in [since, until); missing ones are gaps."""
        return await asyncio.to_thread(self._read, lambda session: history.line_history(session, line, since, until))

    async def site_events(
        self, site: str, since: float, until: float, kind: str = "", before: int | None = None
    ) -> list[EventRecord]:
        """Events of the nodes of that site in [since, until), the newest first; `before` pages on."""
        return await asyncio.to_thread(
            self._read, lambda session: events.of_site(session, site, since, until, kind, before)
        )

    async def line_outages(self, lines: Iterable[str], since: float, until: float) -> list[EpisodeRecord]:
        """Episodes of these lines that overlap [since, until), the latest first."""
        wanted = list(lines)
        return await asyncio.to_thread(
            self._read, lambda session: history.line_episodes(session, wanted, since, until)
        )

    async def line_days(self, lines: Iterable[str], since: date, until: date) -> dict[str, tuple[DayFigures, ...]]:
        """Line → its days in [since, until), today's at most some minutes old."""
        ids = {line.line: line.id for line in self.directory.lines if line.line in set(lines)}
        await self._days.bring_up_to_date(since, until, ids.values())
        found = await asyncio.to_thread(self._read, lambda session: line_days(session, ids.values(), since, until))
        return {code: day_figures(found.get(line_id, {})) for code, line_id in ids.items()}

    async def month_report(
        self, month: str, sites: Iterable[str], provider: str | None = None, line: str | None = None, title: str = ""
    ) -> MonthReport:
        """Raises ValueError when `month` is not YYYY-MM."""
        first, after = days_of(month)
        wanted = list(sites)
        await self._days.bring_up_to_date(first, after)
        now = self._clock()
        return await asyncio.to_thread(
            self._read, lambda session: report(session, month, wanted, shipped(), now, provider, line, title)
        )

    async def sites_of_unit(self, unit: str, on: date) -> tuple[str, list[str]]:
        """The name and the sites of a unit (by its key) on a day. KeyError: there is no such unit."""
        return await asyncio.to_thread(self._read, lambda session: sites_of_unit(session, unit, on))

    async def node_history(self, node: str, since: float, until: float) -> list[NodeMinutePoint]:
        """Minutes of that node that start in [since, until); missing ones are gaps."""
        return await asyncio.to_thread(self._read, lambda session: history.node_history(session, node, since, until))

    def _routes(self) -> APIRouter:
        router = APIRouter(tags=["nodes"])
        router.add_api_route(ENROL_PATH, self._answering(self._enrol), methods=["POST"], name="enrol")
        router.add_api_route(CONFIG_PATH, self._answering(self._configure), methods=["GET"], name="configuration")
        router.add_api_route(
            WRITE_PATH, self._answering(self._write, self._ingest.count_status), methods=["POST"], name="write"
        )
        router.add_api_route(
            EVENTS_PATH,
            self._answering(self._take_events),
            methods=["POST"],
            name="events",
            summary="Events of a node: numbered, applied exactly once",
            responses=EVENTS_RESPONSES,
            openapi_extra={"requestBody": EVENTS_REQUEST},
        )
        # Bytes without meaning are no part of the API that others program against.
        for method, handle in (("GET", self._send_bytes), ("POST", self._take_bytes)):
            router.add_api_route(
                THROUGHPUT_PATH, self._answering(handle), methods=[method], name="throughput", include_in_schema=False
            )
        return router

    def _answering(
        self, handle: Callable[[Request], Awaitable[Response]], count: Callable[[int], None] = lambda _: None
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                response = await handle(request)
            except problems.ProblemError as problem:
                response = problem.response()
            except SQLAlchemyError as error:
                logger.error("%s %s: %s", request.method, request.url.path, error)
                response = problems.storage_busy(REFRESH_SECONDS).response()
            count(response.status_code)
            response.headers[NODE_TIME_HEADER] = f"{self._clock():.3f}"
            return response

        return endpoint

    async def _enrol(self, request: Request) -> Response:
        enrolled = await self._enrolment.enrol(request, self._clock())
        logger.info("%s enrolled at %s", enrolled.node, enrolled.site)
        try:
            await self.refresh()
        except (SQLAlchemyError, OSError) as error:
            # The token is used up: the node must get its key whatever else goes wrong.
            logger.error("directory was not read again after an enrolment: %s", error)
        return enrolled_response(enrolled)

    async def _configure(self, request: Request) -> Response:
        identity = await self._identify(request)
        meeting = self._meeting_runs(identity.site)
        configuration = node_configuration(identity, self.directory, self._settings, meeting)
        return configuration_response(configuration.to_json(), request.headers.get("if-none-match"))

    async def _write(self, request: Request) -> Response:
        identity = await self._identify(request, also_writers=True)
        await self._ingest.write(request, identity)
        return Response(status_code=204)

    async def _take_events(self, request: Request) -> Response:
        return await self._events.take(request, await self._identify(request), self._clock())

    async def _send_bytes(self, request: Request) -> Response:
        await self._identify(request)
        return self._throughput.download(request)

    async def _take_bytes(self, request: Request) -> Response:
        await self._identify(request)
        return await self._throughput.upload(request)

    async def _identify(self, request: Request, *, also_writers: bool = False) -> NodeIdentity:
        if self._view is None:
            await self.refresh()
        key = bearer_key(request)
        identity = None if key is None else self.directory.by_key.get(key_hash(key))
        if identity is None:
            raise problems.unknown_key()
        if identity.writer and not also_writers:
            raise problems.only_writes()
        return identity

    def _load_view(self) -> DirectoryView:
        today = day_of(self._clock())
        return self._read(lambda session: load_view(session, today))

    def _read(self, query: Callable[[Session], Result]) -> Result:
        with self._sessions() as session:
            return query(session)

    async def _flush_last_seen(self) -> None:
        changed = {
            node: latest.last_arrival
            for node, latest in self._state.nodes.items()
            if self._flushed.get(node) != latest.last_arrival
        }
        if changed:
            rows = [{"id": node, "last_seen_at": arrival} for node, arrival in changed.items()]
            await self._writer.call(lambda session: session.execute(update(Node), rows) and None)
            self._flushed = {**self._flushed, **changed}
        wrote = {one: at for one, at in self._ingest.writers_heard.items() if self._flushed.get(one) != at}
        if wrote:
            written = [{"id": one, "last_write_at": at} for one, at in wrote.items()]
            await self._writer.call(lambda session: session.execute(update(SampleWriter), written) and None)
            self._flushed = {**self._flushed, **wrote}

    async def _seal(self) -> None:
        now = self._clock()
        sealed = await self._writer.call(lambda session: seal_old(session, now) + seal_old_evidence(session, now))
        gone = await self._writer.call(lambda session: events.purge(session, now) + purge_evidence(session, now))
        for line in self.directory.lines:
            gone += await self._writer.call(partial(retention.purge_line, line_id=line.id, now=now))
        for node in self.directory.nodes:
            gone += await self._writer.call(partial(retention.purge_node, node_id=node.node, now=now))
        if gone:
            logger.info("%d events and minutes are older than is kept", gone)
        if sealed:
            logger.info("%d incomplete minutes are too old to change", sealed)

    async def _end(self) -> None:
        try:
            await self._flush_last_seen()
        except SQLAlchemyError as error:
            logger.error("last arrivals were not written: %s", error)
        await asyncio.to_thread(self._writer.close)


def _judged(view: DirectoryView, now: float, live: bool, session: Session) -> tuple[Pass, dict[int, Standing], int]:
    """What was done, how all lines stand then, and how much waits."""
    done = judge(session, view, shipped().limits, now, live=live)
    return done, standings_of(session, view, now), work.waiting(session)


async def _repeat(name: str, work: Callable[[], Awaitable[None]], seconds: float, failures: Counter[str]) -> None:
    while True:
        try:
            await work()
        except (SQLAlchemyError, OSError) as error:
            failures[name] += 1
            logger.error("%s: %s; trying again in %.0f s", name, error, seconds)
        except Exception:
            failures[name] += 1
            logger.exception("%s failed; trying again in %.0f s", name, seconds)
        await asyncio.sleep(seconds)
