"""The node's own `/metrics`, as Prometheus' own tool reads it."""

from __future__ import annotations

import asyncio
import math
import shutil
import socket
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import own_figures, sampling
from agent.local_metrics import Latest, LocalMetrics
from agent.probes import windows
from agent.probes.unanswered import Losses
from agent.probes.windows import WindowFigures, WindowLosses, sample_sets
from agent.samples import Family, Kind, Sample
from agent.sensors import SENSORS

GAUGE = Family("thongsuot_x", Kind.GAUGE, 'An "x",\nof sorts.')


def everything() -> Latest:
    latest = Latest(
        family
        for group in (
            own_figures.FAMILIES,
            sampling.FAMILIES,
            windows.FAMILIES,
            *(one.families for one in SENSORS.values()),
        )
        for family in group
    )
    samples = [one for sensor in SENSORS.values() for one in sensor.parse(sensor.read())]
    samples += [
        Sample(family.name, 1, (("sensor", "cpu"),)) for family in (*own_figures.FAMILIES, *sampling.FAMILIES)
    ]
    latest.replace("sensors", samples)
    for line in ("yen-thai-vnpt", 'odd "line"\\'):
        latest.update(
            f"line {line}",
            sample_sets(
                line,
                [
                    WindowFigures(1000, 2, 2, 0, 0, 0, 0, 0, 0.001, (0.01, 0.02), (0.01,)),
                    WindowLosses(1000, Losses(unknown=1)),
                ],
            ),
        )
    return latest


def test_promtool_finds_nothing_to_say_about_them() -> None:
    promtool = shutil.which("promtool")
    assert promtool, "install it with: apt-get install prometheus"
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=everything().text(), capture_output=True, text=True, check=False
    )
    assert (checked.stdout + checked.stderr, checked.returncode) == ("", 0)


def test_every_family_has_help_and_type_once() -> None:
    lines = everything().text().splitlines()
    for word in ("HELP", "TYPE"):
        names = [line.split()[2] for line in lines if line.startswith(f"# {word} ")]
        assert len(names) == len(set(names)) > 40


def test_the_text_is_escaped() -> None:
    latest = Latest([GAUGE])
    latest.replace("a", [Sample("thongsuot_x", 1.5, (("path", 'C:\\"a"\nb'),))])
    assert latest.text() == (
        '# HELP thongsuot_x An "x",\\nof sorts.\n'
        "# TYPE thongsuot_x gauge\n"
        'thongsuot_x{path="C:\\\\\\"a\\"\\nb"} 1.5\n'
    )


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1"), (0.5, "0.5"), (math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf")]
)
def test_values_are_written_as_prometheus_reads_them(value: float, text: str) -> None:
    latest = Latest([GAUGE])
    latest.replace("a", [Sample("thongsuot_x", value)])
    assert latest.text().splitlines()[-1] == f"thongsuot_x {text}"


def test_a_series_that_is_not_said_again_is_gone() -> None:
    latest = Latest([GAUGE])
    latest.replace("a", [Sample("thongsuot_x", 1, (("of", "1"),)), Sample("thongsuot_x", 1, (("of", "2"),))])
    latest.replace("a", [Sample("thongsuot_x", 1, (("of", "2"),))])
    latest.replace("b", [Sample("thongsuot_x", 1, (("of", "3"),))])
    latest.forget("b")
    assert latest.text().count('of="') == 1


@given(st.binary(max_size=300))
def test_any_request_gets_an_answer(head: bytes) -> None:
    answer = LocalMetrics(Latest([])).answer(head)
    assert answer.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /metrics HTTP/1.1", b"200"),
        (b"GET /metrics?x=1 HTTP/1.0", b"200"),
        (b"HEAD /metrics HTTP/1.1", b"200"),
        (b"GET / HTTP/1.1", b"404"),
        (b"POST /metrics HTTP/1.1", b"405"),
        (b"hello", b"400"),
    ],
)
async def test_over_a_real_connection(request_line: bytes, status: bytes) -> None:
    metrics = LocalMetrics(everything())
    async with metrics.serving(0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_line + b"\r\nHost: x\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.split(b" ")[1] == status
    head, _, body = answer.partition(b"\r\n\r\n")
    if request_line.startswith(b"HEAD"):
        assert body == b""
    else:
        assert f"Content-Length: {len(body)}".encode() in head


async def test_a_port_that_is_taken_is_said_and_gone_without(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with LocalMetrics(Latest([])).serving(taken.getsockname()[1]) as port:
            assert port is None
    assert "going on without" in caplog.text
