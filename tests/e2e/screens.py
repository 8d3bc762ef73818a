"""Screenshots: each is taken, and kept where SCREENSHOTS says when somebody wants to look."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Page


def shoot(page: Page, path: Path) -> None:
    page.screenshot(path=path)
    wanted = os.environ.get("SCREENSHOTS")
    if wanted:
        shutil.copy(path, wanted)
