"""The runbook page of each alert, from the catalogue: Markdown, Vietnamese first.

`python -m exporters.rules.runbooks FOLDER` writes them; `docs/runbooks` holds what it says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from exporters.rules.catalogue import alerts
from exporters.rules.rule import Alert, Severity, Text

SEVERITIES: dict[Severity, Text] = {
    "critical": Text("nghiêm trọng – xử lý ngay", "critical – act now"),
    "warning": Text("cần chú ý – xử lý trong ngày làm việc", "warning – within the working day"),
    "none": Text("không phải sự cố", "no trouble"),
}


def runbook(alert: Alert) -> str:
    severity = SEVERITIES[alert.severity]
    lines = [f"# {alert.name}", ""]
    for meaning, bad, cause, steps, call in (
        ("Ý nghĩa", "Mức độ", "Nguyên nhân thường gặp", "Việc làm đầu tiên", "Gọi ai"),
        ("Meaning", "Severity", "Usual causes", "First steps", "Whom to call"),
    ):
        vi = meaning == "Ý nghĩa"
        lines += ["## Tiếng Việt" if vi else "## English", ""]
        hold = "ngay" if alert.hold == "0s" else f"sau {alert.hold}"
        after = "at once" if alert.hold == "0s" else f"after {alert.hold}"
        lines += [f"**{meaning}.** {_of(alert.meaning, vi)}", ""]
        lines += [f"**{bad}.** {_of(severity, vi)}; {f'báo {hold}' if vi else f'said {after}'}.", ""]
        lines += [f"**{cause}.** {_of(alert.causes, vi)}", "", f"**{steps}**", ""]
        lines += [f"{number}. {_of(step, vi)}" for number, step in enumerate(alert.steps, 1)]
        lines += ["", f"**{call}.** {_of(alert.call, vi)}", ""]
    lines += ["## PromQL", "", "```promql", alert.expr, "```"]
    return "\n".join(lines) + "\n"


def index() -> str:
    """The list of all runbooks."""
    lines = ["# Hướng dẫn xử lý cảnh báo / Runbooks", "", "| cảnh báo / alert | ý nghĩa / meaning |", "|---|---|"]
    lines += [f"| [{one.name}]({one.name}.md) | {one.meaning.vi}<br>{one.meaning.en} |" for one in alerts()]
    return "\n".join(lines).replace("<br>", " – ") + "\n"


def files() -> Iterator[tuple[str, str]]:
    """(name, text) of every page."""
    yield "README.md", index()
    yield from ((f"{alert.name}.md", runbook(alert)) for alert in alerts())


def _of(text: Text, vi: bool) -> str:
    return text.vi if vi else text.en


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
