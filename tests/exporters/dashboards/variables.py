"""Grafana's variables put into expressions, as it does when All is chosen."""

from __future__ import annotations

import re

EVERYTHING = {"area": ".*", "unit": ".*", "site": ".*", "line": ".*"}


def filled(expr: str, **chosen: str) -> str:
    """`chosen`: for single values, as `site` and `line` of the dashboards of one site and one line."""
    values = {
        **EVERYTHING,
        **chosen,
        "__rate_interval": "2m",
        "__interval": "1m",
        "__range": "6h",
    }
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values[found[1]], expr)
