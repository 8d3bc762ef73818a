"""Log lines: the request they belong to, and nothing that a stranger can forge."""

from __future__ import annotations

import json
import logging

import pytest

from hub import logs


def line(formatter: logging.Formatter, message: str, *values: object) -> str:
    record = logging.LogRecord("hub.http", logging.WARNING, "x.py", 1, message, values, None)
    logs.RequestIdFilter().filter(record)
    return formatter.format(record)


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_a_line_carries_the_id_of_its_request(formatter: logging.Formatter) -> None:
    told = logs.request_id.set("0123456789abcdef")
    try:
        assert "0123456789abcdef" in line(formatter, "x %s", "y")
    finally:
        logs.request_id.reset(told)
    assert "0123456789abcdef" not in line(formatter, "x %s", "y")


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_what_strangers_send_stays_within_its_line(formatter: logging.Formatter) -> None:
    assert len(line(formatter, "x %s", "a\nERROR forged\r\x1b[2J").splitlines()) == 1


def test_json_lines_are_json_with_vietnamese_and_traceback() -> None:
    try:
        raise ValueError("lỗi")
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", 40, "x.py", 1, "hỏng", (), __import__("sys").exc_info())
    document = json.loads(logs.JsonFormatter().format(record))
    assert (document["level"], document["message"]) == ("ERROR", "hỏng")
    assert "ValueError: lỗi" in document["traceback"]


def test_a_traceback_is_in_text_too() -> None:
    try:
        raise ValueError("lỗi")
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", 40, "x.py", 1, "hỏng", (), __import__("sys").exc_info())
    logs.RequestIdFilter().filter(record)
    assert "ValueError: lỗi" in logs.TextFormatter().format(record)
