"""What the collector's tests build with: a clock to turn, a sink that keeps, samples as nodes say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from agent.wire import families, remote_write
from agent.wire.configuration import RTT_BUCKETS_SECONDS
from agent.wire.remote_write import Series, series
from collector.collector import Collector
from collector.ingest.identity import NodeIdentity
from collector.ingest.remote_write_pb2 import Label, WriteRequest
from collector.sink import SinkFullError

NOW = 1_790_000_040.0
"""The start of a minute."""
IDENTITY = NodeIdentity("n-abcdefghij", "vt", {"vt-1": 1, "vt-2": 2}, frozenset({"vt-1"}))


@dataclass
class FakeClock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class KeepingSink:
    payloads: list[bytes] = field(default_factory=list)
    full: bool = False

    async def write(self, payload: bytes, samples: int) -> None:
        if self.full:
            raise SinkFullError("no space left", retry_after_seconds=7)
        assert len(read(payload, count=True)) == samples
        self.payloads.append(payload)

    def samples(self) -> list[tuple[str, dict[str, str], int, float]]:
        return [sample for payload in self.payloads for sample in read(payload)]

    def values(self, name: str) -> list[float]:
        return [value for one, _, _, value in self.samples() if one == name]


def read(payload: bytes, count: bool = False) -> list[tuple[str, dict[str, str], int, float]]:
    """(name, other labels, Unix ms, value) of an uncompressed request, checking what receivers demand."""
    found = []
    for one in WriteRequest.FromString(payload).timeseries:
        pairs = [(label.name, label.value) for label in map(Label.FromString, one.labels)]
        assert pairs == sorted(pairs)
        assert len(dict(pairs)) == len(pairs)
        assert all(value for _, value in pairs)
        labels = dict(pairs)
        name = labels.pop("__name__")
        times = [sample.timestamp for sample in one.samples]
        assert times == sorted(times)
        found += [(name, labels, sample.timestamp, sample.value) for sample in one.samples]
    return found


def body(many: list[Series]) -> bytes:
    return remote_write.compress(remote_write.encode(many))


def raw_series(labels: list[tuple[str, str]], at_ms: int, value: float = 1.0) -> bytes:
    """A WriteRequest of one series whose labels are in the order given, right or wrong."""
    request = WriteRequest()
    one = request.timeseries.add()
    one.labels.extend(Label(name=name, value=text).SerializeToString() for name, text in labels)
    one.samples.add(value=value, timestamp=at_ms)
    return request.SerializeToString()


def figures(
    line: str, end: float, sent: int = 100, received: int = 100, rtt: float = 0.012, jitter: float = 0.001
) -> list[Series]:
    """A window's figures as the agent says them once its packets are answered or timed out."""
    at = round(end * 1000)
    own = [("line", line)]
    found = [
        series(name, own, at, float(value))
        for name, value in (
            (families.LINE_SENT, sent),
            (families.LINE_RECEIVED, received),
            (families.LINE_LATE, 0),
            (families.LINE_DUPLICATE, 0),
            (families.LINE_REORDERED, 0),
            (families.LINE_SKIPPED, 0),
            (families.LINE_LATE_SENDS, 0),
        )
    ]
    for bound in RTT_BUCKETS_SECONDS:
        within = float(received if rtt <= bound else 0)
        found.append(series(families.LINE_RTT_BUCKET, [*own, ("le", f"{bound:g}")], at, within))
    found.append(series(families.LINE_RTT_BUCKET, [*own, ("le", "+Inf")], at, float(received)))
    if received:
        quantiles = ("0", "0.5", "0.95", "1")
        found += [series(families.LINE_RTT, [*own, ("quantile", one)], at, rtt) for one in quantiles]
        found.append(series(families.LINE_JITTER, own, at, jitter))
        found.append(series(families.LINE_IPDV, [*own, ("quantile", "0.95")], at, 2 * jitter))
    return found


def losses(line: str, end: float, up: int = 0, down: int = 0, unmeasured: int = 0, bursts: int = 0) -> list[Series]:
    """Which way a window's losses went, as the agent says it once it is known."""
    at = round(end * 1000)
    own = [("line", line)]
    return [
        series(families.LINE_LOST, [*own, ("direction", "up")], at, float(up)),
        series(families.LINE_LOST, [*own, ("direction", "down")], at, float(down)),
        series(families.LINE_UNMEASURED, own, at, float(unmeasured)),
        series(families.LINE_LOSS_BURSTS, own, at, float(bursts)),
    ]


def machine(at: float, busy: float = 10.0, idle: float = 90.0, received: float = 1000.0) -> list[Series]:
    """What an agent says of its machine at one instant."""
    ms = round(at * 1000)
    root = [("mountpoint", "/"), ("device", "/dev/sda1"), ("fstype", "ext4")]
    return [
        series("thongsuot_cpu_seconds_total", [("mode", "user")], ms, busy),
        series("thongsuot_cpu_seconds_total", [("mode", "system")], ms, 0.0),
        series("thongsuot_cpu_seconds_total", [("mode", "idle")], ms, idle),
        series("thongsuot_memory_size_bytes", [], ms, 8e9),
        series("thongsuot_memory_available_bytes", [], ms, 6e9),
        series("thongsuot_swap_size_bytes", [], ms, 4e9),
        series("thongsuot_swap_used_bytes", [], ms, 1e9),
        series("thongsuot_filesystem_size_bytes", root, ms, 100e9),
        series("thongsuot_filesystem_available_bytes", root, ms, 25e9),
        series("thongsuot_network_receive_bytes_total", [("interface", "eth0")], ms, received),
        series("thongsuot_network_transmit_bytes_total", [("interface", "eth0")], ms, received / 2),
        series("thongsuot_network_up", [("interface", "eth0")], ms, 1.0),
        series("thongsuot_boot_time_seconds", [], ms, NOW - 3600),
        series("thongsuot_agent_info", [("version", "0.1.0")], ms, 1.0),
    ]


@dataclass
class Node:
    """A machine that enrolled over HTTP; `offset` is its clock minus the hub's."""

    client: httpx.AsyncClient
    clock: FakeClock
    node: str
    key: str
    offset: float = 0.0

    async def write(
        self, many: list[Series] | bytes, headers: Mapping[str, str | None] | None = None
    ) -> httpx.Response:
        content = many if isinstance(many, bytes) else body(many)
        sent: dict[str, str] = {
            **remote_write.headers("test", self.clock.now + self.offset),
            "Authorization": f"Bearer {self.key}",
        }
        for name, value in (headers or {}).items():
            if value is None:
                sent.pop(name, None)
            else:
                sent[name] = value
        return await self.client.post("/api/v1/write", content=content, headers=sent)

    async def configuration(self, etag: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        if etag is not None:
            headers["If-None-Match"] = etag
        return await self.client.get("/api/v1/node/config", headers=headers)


@dataclass
class Hub:
    """The collector behind a real ASGI application."""

    collector: Collector
    client: httpx.AsyncClient
    clock: FakeClock
    sink: KeepingSink

    async def enrol(self, token: str, hostname: str = "pc-vt") -> Node:
        answer = await self.client.post(
            "/api/v1/enrol",
            json={"token": token, "hostname": hostname, "platform": "Linux", "version": "0.1.0"},
        )
        assert answer.status_code == 201, answer.text
        return Node(self.client, self.clock, answer.json()["node"], answer.json()["key"])


def chunks(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]
