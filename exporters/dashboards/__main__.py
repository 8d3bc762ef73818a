"""`python -m exporters.dashboards` writes exporters/grafana/dashboards/*.json anew."""

from __future__ import annotations

from pathlib import Path

from exporters.dashboards.catalogue import BOARDS
from exporters.dashboards.render import PREFIX, render

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for uid, board in BOARDS.items():
        (folder / f"{PREFIX}-{uid}.json").write_text(render(board), encoding="utf-8")


if __name__ == "__main__":
    main()
