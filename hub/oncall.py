"""The on-call bridge put together with what this hub has: rota, channels, meetings, causes of lines, links."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy.orm import Session, sessionmaker

from collector.calendars import files as calendars
from collector.collector import Collector
from collector.snapshot import LineState
from conferencing.composition import Conferencing
from exporters.oncall.bridge import Bridge, Collaborators
from exporters.oncall.channels import configuration as channels_configuration
from exporters.oncall.channels import registry
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.contracts import Cause, Language, Meeting, Rota
from exporters.oncall.links import Links
from exporters.oncall.places import Places
from exporters.oncall.policy import Policy
from exporters.oncall.rota.store import StoredRota
from exporters.oncall.texts import Wording
from hub import installed, secret_files
from hub.configuration import Configuration
from hub.failure import UserError
from hub.key_ring import KeyRing
from hub.paths import Paths
from hub.programs import url_for_people
from hub.secret_sources import SecretSources

logger = logging.getLogger(__name__)

CHANNELS_FILE = "channels.toml"
ZALO_TOKEN_FILE = "zalo-token.json"  # noqa: S105 - the name of the file
LINKS = "oncall links"
GONE_SECONDS = Policy().gone_seconds
ASKING_SECONDS = 5.0

CAUSES: dict[str, Language] = {
    "lan": Language("Mạng nội bộ", "Local network"),
    "router": Language("Bộ định tuyến tại điểm", "Router on site"),
    "provider": Language("Nhà mạng", "Provider"),
    "upstream": Language("Nhà mạng, cả vùng", "Provider, whole area"),
    "hub": Language("Máy chủ trung tâm", "Central hub"),
    "power": Language("Mất điện", "Power cut"),
    "agent": Language("Máy giám sát", "Monitoring machine"),
}
_NOT_THE_PROVIDERS = frozenset({"lan", "hub", "power", "agent"})


@contextlib.asynccontextmanager
async def opened(
    configuration: Configuration,
    paths: Paths,
    sources: SecretSources,
    sessions: sessionmaker[Session],
    collector: Collector,
    conferencing: Conferencing,
    clock: Callable[[], float],
) -> AsyncIterator[Bridge]:
    """Raises UserError when channels.toml cannot be used."""
    held: list[Bridge] = []

    def take_receipt(receipt: Receipt) -> None:
        for bridge in held:
            bridge.posting.take_receipt(receipt)

    try:
        ways = channels_configuration.load(paths.root / CHANNELS_FILE, sources.find)
    except channels_configuration.ConfigurationError as error:
        raise UserError(str(error)) from None
    section = configuration.oncall
    policy = Policy(
        escalation_seconds=section.escalation_seconds,
        gather_seconds=section.gather_seconds,
        storm_sites=section.storm_sites,
        storm_seconds=section.storm_seconds,
        person_messages_per_hour=section.messages_per_person_per_hour,
        link_seconds=section.link_days * 86400.0,
        gone_seconds=GONE_SECONDS,
    )
    shipped = calendars.shipped()
    alerting = (
        configuration.alertmanager.enabled
        and installed.ALERTMANAGER.find() is not None
        and configuration.prometheus.enabled
        and installed.PROMETHEUS.find() is not None
    )
    async with registry.opened(
        ways,
        token_file=paths.secrets / ZALO_TOKEN_FILE,
        replace=secret_files.replace,
        take_receipt=take_receipt,
        clock=clock,
    ) as channels:
        bridge = Bridge(
            sessions,
            policy,
            Collaborators(
                rota=rota_of(sessions),
                texts=Wording(),
                meetings=OpenMeetings(conferencing),
                causes=LineCauses(collector, lambda: held[0].places, clock),
                links=Links(KeyRing(sources).derived(LINKS), url_for_people(configuration), policy.link_seconds),
                calendars={**shipped, "": shipped[section.calendar]},
                channels=tuple(channels.values()),
                expects_watchdog=alerting,
                firing=AlertmanagerAlerts(configuration.alertmanager.port) if alerting else None,
            ),
            clock,
        )
        held.append(bridge)
        try:
            yield bridge
        finally:
            bridge.close()


def rota_of(sessions: sessionmaker[Session]) -> Rota:
    return StoredRota(sessions)


@dataclass(frozen=True, slots=True)
class OpenMeetings:
    """`MeetingCalendar` by the meetings that are open: a site counts while somebody of it is in one."""

    conferencing: Conferencing

    def meetings(self, now: float) -> Sequence[Meeting]:
        rooms = self.conferencing.snapshot().rooms
        found = (Meeting(room.title, now, None, _sites(room.participants)) for room in rooms)
        return [meeting for meeting in found if meeting.sites]


def _sites(participants: Sequence[object]) -> frozenset[str]:
    return frozenset(site for one in participants if (site := getattr(one, "site", None)))


@dataclass(frozen=True, slots=True)
class LineCauses:
    """`Causes` by what the collector has judged of the lines."""

    collector: Collector
    places: Callable[[], Places]
    clock: Callable[[], float]

    def cause(self, site: str, line: str | None) -> Cause | None:
        found = next((one for one in self.collector.snapshot(self.clock()).sites if one.site == site), None)
        if found is None:
            return None
        for one in found.lines:
            if line in (None, one.line) and one.cause in CAUSES:
                return Cause(_words(one), "" if one.cause in _NOT_THE_PROVIDERS else self._hotline(one.line))
        return None

    def _hotline(self, line: str) -> str:
        place = self.places().lines.get(line)
        return place.hotline if place else ""


@dataclass(frozen=True, slots=True)
class AlertmanagerAlerts:
    """`FiringAlerts` by the API of this machine's Alertmanager."""

    port: int

    async def fingerprints(self, up_seconds: float) -> frozenset[str] | None:
        url = f"http://127.0.0.1:{self.port}/api/v2"
        try:
            # On this machine: a proxy of the environment is not for it.
            async with httpx.AsyncClient(timeout=ASKING_SECONDS, trust_env=False) as client:
                status = (await client.get(f"{url}/status")).raise_for_status().json()
                held = (await client.get(f"{url}/alerts")).raise_for_status().json()
            since = datetime.fromisoformat(status["uptime"])
            # Both by the machine's own clock, whatever the bridge takes for now.
            if datetime.now(UTC) - since < timedelta(seconds=up_seconds):
                return None
            return frozenset(str(one["fingerprint"]) for one in held)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            logger.warning("x alertmanager: its alerts cannot be read: %s: %s", type(error).__name__, error)
            return None


def _words(line: LineState) -> Language:
    name, evidence = CAUSES[line.cause or ""], line.evidence or {}
    vi, en = evidence.get("vi", ""), evidence.get("en", "")
    return Language(f"{name.vi}. {vi}" if vi else name.vi, f"{name.en}. {en}" if en else name.en)
