"""The hub process: collector, conferencing and exporters on one ASGI application and one port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.responses import FileResponse
from prometheus_client.core import Metric
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from agent.wire.configuration import ProbesConfiguration
from collector import reflector_status
from collector.collector import Collector, CollectorSettings
from conferencing.composition import Conferencing, RecorderPlace
from exporters.metrics import BackupAge, HubItself, HubSnapshots, LoopDelayMeter, ScrapeCost, families
from exporters.remote_write import Forwarder, OutboundQueue, QueueSink, keep_saying
from hub import __version__, database, oncall, receivers, secret_files, setup, snmp_secrets
from hub.access import AccessControl
from hub.backup import BackupStatus
from hub.backup_commands import backups
from hub.collaborators import ConferencingAccounts, ConferencingDirectory
from hub.configuration import Configuration
from hub.http import (
    acknowledge,
    alert_figures,
    alerts,
    board,
    delivery_reports,
    discovery,
    maintenance,
    metrics,
    oncall_calendar,
    oncall_rota,
    openapi,
    pages,
    problems,
    reports,
    runbooks,
    site_sheet,
    site_writers,
    troubles,
)
from hub.http.conditional import ConditionalAnswers
from hub.http.principal import principal_of
from hub.http.rights import declarations, public, requires
from hub.http.security import SecurityHeaders
from hub.http.security_limits import BodyLimit
from hub.http.sign_in_presence import Presence
from hub.node_package import index as package_index
from hub.node_package import routes as node_package_routes
from hub.paths import Paths
from hub.programs import ALERTS_TOKEN, bind_address, media_worker_names, url_for_people
from hub.secret_sources import secret_sources
from hub.throughput_hours import parse_hours
from hub.turn import turn_servers

logger = logging.getLogger(__name__)

USER_AGENT = f"thongsuot-hub/{__version__}"
SHUTDOWN_SECONDS = 1
STAMP_KEY = "stamp.key"
OWN_JOB = "thongsuot"
MAX_CONNECTIONS_WAITING = 2048


async def serve(configuration: Configuration, paths: Paths) -> None:
    """Until SIGTERM or SIGINT; whichever task fails ends the process, and the supervisor starts it again."""
    async with Hub(configuration, paths).open() as hub:
        server = _server(hub.app(), configuration, paths)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, setattr, server, "should_exit", True)
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(work, name=name) for name, work in hub.work()]
            await tasks.create_task(server.serve(), name="http")
            for task in background:
                task.cancel()


class Hub:
    """Opened once; `app` is what is served and `work` what runs beside it."""

    def __init__(self, configuration: Configuration, paths: Paths, clock: Callable[[], float] = time.time) -> None:
        self._configuration = configuration
        self._paths = paths
        self._clock = clock
        self._started_at = clock()
        self._backups = backups(configuration, paths)
        self._loop_delay = LoopDelayMeter()
        self._scrape_cost = ScrapeCost()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Hub]:
        configuration, paths = self._configuration, self._paths
        with contextlib.ExitStack() as stack:
            engine = database.opened(paths)
            stack.callback(engine.dispose)
            sessions = self.sessions = database.sessions(engine)
            days = 86400.0
            queue = stack.enter_context(
                OutboundQueue(
                    paths.outbound_queue,
                    max_bytes=configuration.queue.max_bytes,
                    max_age_seconds=configuration.queue.max_age_days * days,
                )
            )
            queue_thread = stack.enter_context(ThreadPoolExecutor(1, "outbound-queue"))
            sent_to = list(receivers.destinations(configuration, secret_sources(paths.secrets)))
            queue.register(
                [one.receiver.name for one in sent_to], [one.receiver.name for one in sent_to if one.own_samples]
            )
            self._says_own = any(one.own_samples for one in sent_to)
            self._sink = QueueSink(queue, queue_thread)
            self._certificates = setup.open_certificates(configuration, paths)
            self.access = AccessControl(sessions, paths, secure_cookie=not configuration.is_local, clock=self._clock)
            self._collector = Collector(
                sessions, self._sink, self._collector_settings(), self._clock, self._meeting_runs
            )
            self._conferencing = Conferencing(
                sessions=sessions,
                accounts=ConferencingAccounts(self.access.sign_ins),
                directory=ConferencingDirectory(self._collector),
                worker_sockets=[paths.worker_socket(name) for name in media_worker_names(configuration)],
                turn=turn_servers(configuration, secret_sources(paths.secrets)),
                recorder=RecorderPlace(paths.recorder_socket, paths.recordings),
            )
            async with contextlib.AsyncExitStack() as clients:
                self._forwarders = [
                    Forwarder(
                        one.receiver,
                        queue,
                        queue_thread,
                        await clients.enter_async_context(one.client()),
                        self._sink.subscribe(),
                        user_agent=USER_AGENT,
                    )
                    for one in sent_to
                ]
                self.bridge = await clients.enter_async_context(
                    oncall.opened(
                        configuration,
                        paths,
                        secret_sources(paths.secrets),
                        sessions,
                        self._collector,
                        self._conferencing,
                        self._clock,
                    )
                )
                yield self

    async def refresh(self) -> None:
        """Read the directory now, as `work` does every few seconds."""
        await self._collector.refresh()

    def work(self) -> Iterator[tuple[str, Coroutine[None, None, None]]]:
        yield "sink", self._sink.run()
        yield "collector", self._collector.run()
        yield "event loop's delay", self._loop_delay.run()
        yield "conferencing", self._conferencing.run()
        yield "on call", self.bridge.run()
        if self._configuration.backup.enabled:
            yield "backup", self._backups.keep_running()
        for index, forwarder in enumerate(self._forwarders):
            yield f"forwarder {index}", forwarder.run()
        if self._says_own:
            labels = {"job": OWN_JOB, "instance": self._configuration.hub.site_code}
            yield "own samples", keep_saying(self._own_families, self._sink.write_own, labels, clock=self._clock)

    def app(self) -> FastAPI:
        access = self.access
        app = FastAPI(
            title="Thông Suốt",
            version=__version__,
            docs_url=None,
            redoc_url=None,
            dependencies=[Depends(access.guard)],
        )
        problems.install(app)
        app.add_middleware(ConditionalAnswers)
        # Media and pages compress well; what is small or already compressed is left alone.
        app.add_middleware(GZipMiddleware, minimum_size=1024)
        app.add_middleware(Presence, sign_ins=access.sign_ins)
        app.add_middleware(BodyLimit)
        app.add_middleware(SecurityHeaders, tls=not self._configuration.is_local)
        token = secret_files.ensure(self._paths.secrets / "metrics.token")
        app.include_router(self._collector.router)
        app.include_router(self._collector.directory_router(requires, principal_of))
        app.include_router(self._conferencing.router)
        for router in access.routers():
            app.include_router(router)
        app.include_router(board.router(self._collector, access.places, self._clock))
        app.include_router(reports.router(self._collector, access.places))
        app.include_router(metrics.router(self._snapshots, token, access.sign_ins, self._scrape_cost))
        app.include_router(
            discovery.router(
                lambda: self._collector.directory,
                access.places,
                self._configuration.hub.site_code,
                url_for_people(self._configuration),
            )
        )
        alerts_token = secret_files.ensure(self._paths.secrets / ALERTS_TOKEN)
        app.include_router(alerts.router(self.bridge, alerts_token, access.places, self._clock))
        app.include_router(troubles.router(self.bridge, access.places, self._clock))
        app.include_router(alert_figures.router(self.bridge, access.places, self._clock))
        app.include_router(oncall_rota.router(self.bridge, self._clock))
        app.include_router(oncall_calendar.router(self.bridge, self._clock))
        app.include_router(maintenance.router(self.bridge, access.places, self._clock))
        app.include_router(acknowledge.router(self.bridge, self._clock))
        sms_key = secret_files.ensure(self._paths.secrets / delivery_reports.SMS_KEY)
        app.include_router(delivery_reports.router(self.bridge.posting, sms_key, self._clock))
        packages = package_index.load()
        app.include_router(node_package_routes.router(packages))
        ca_sha256 = self._certificates.ca_sha256 if self._certificates else None
        app.include_router(
            site_sheet.router(access.sign_ins, access.places, self._configuration, ca_sha256, packages)
        )
        app.include_router(
            site_writers.router(
                access.sign_ins, access.places, self._configuration, ca_sha256, self._collector.refresh
            )
        )
        app.include_router(runbooks.router())
        app.include_router(pages.router())
        app.mount("/static", pages.RevalidatedFiles(directory=pages.WEB))
        app.add_api_route("/healthz", _healthz, methods=["GET"], tags=["health"])
        app.add_api_route("/ca.pem", self._ca, methods=["GET"], include_in_schema=False)
        # A route that does not say what it demands ends the start here.
        openapi.install(app, declarations(app.routes))
        return app

    @public("the hub's own certificate authority: nodes compare it with the fingerprint in their token")
    async def _ca(self) -> FileResponse:
        if self._certificates is None:
            raise HTTPException(404, "This hub serves plain HTTP on its own machine; it has no certificate.")
        return FileResponse(self._certificates.ca, media_type="application/x-pem-file")

    async def _snapshots(self) -> HubSnapshots:
        return HubSnapshots(
            itself=HubItself(
                __version__,
                self._started_at,
                self._loop_delay.delay(),
                self._scrape_cost.scrapes,
                self._scrape_cost.last_seconds,
                self._certificates.server_end if self._certificates else None,
                url_for_people(self._configuration),
            ),
            directory=self._collector.directory,
            collector=self._collector.snapshot(self._clock()),
            conferencing=self._conferencing.snapshot(),
            receivers=[await forwarder.status() for forwarder in self._forwarders],
            backup=_backup_age(await asyncio.to_thread(self._backups.status)),
            reflector=await asyncio.to_thread(reflector_status.read, self._paths.reflector_status),
            oncall=self.bridge.snapshot(),
        )

    async def _own_families(self) -> Sequence[Metric]:
        return families(await self._snapshots())

    def _collector_settings(self) -> CollectorSettings:
        sources = secret_sources(self._paths.secrets)
        return CollectorSettings(
            run_directory=self._paths.run,
            stamp_secret=sources.ensure(STAMP_KEY),
            snmp=snmp_secrets.load(sources),
            processes=self._configuration.agent.processes,
            stamp_port=self._configuration.stamp.port,
            packets_per_second=self._configuration.stamp.packets_per_second,
            sampling_interval_seconds=self._configuration.agent.sampling_interval_seconds,
            probes=ProbesConfiguration(throughput=parse_hours(self._configuration.agent.throughput_hours)),
            ca_sha256=self._certificates.ca_sha256 if self._certificates else None,
        )

    def _meeting_runs(self, site: str) -> bool:
        """Whether somebody of this site is in a meeting: nothing may load its line then."""
        rooms = self._conferencing.snapshot().rooms
        return any(one.site == site for room in rooms for one in room.participants)


def _backup_age(status: BackupStatus) -> BackupAge:
    return BackupAge(status.last_success, status.last_verified, status.last_bytes, len(status.failed_places))


@public("says that the hub answers, nothing else")
async def _healthz() -> dict[str, str]:
    return {"status": "ok"}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise the signal again after serving and end the process before its own clean-up.
        yield


def _server(app: FastAPI, configuration: Configuration, paths: Paths) -> _Server:
    tls = {} if configuration.is_local else {
        "ssl_certfile": str(paths.tls / "server.pem"),
        "ssl_keyfile": str(paths.tls / "server.key"),
    }  # fmt: skip
    return _Server(
        uvicorn.Config(
            app,
            host=bind_address(configuration),
            port=configuration.hub.port,
            loop="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=MAX_CONNECTIONS_WAITING,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            ws_max_size=256 * 1024,
            lifespan="off",
            **tls,  # type: ignore[arg-type]
        )
    )
