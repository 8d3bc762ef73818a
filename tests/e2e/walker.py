"""Three browsers, walked by keyboard and looked through by axe-core: today's Chromium, Chromium 109, Firefox ESR."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import playwright.sync_api
from playwright.sync_api import Page, sync_playwright

from tests.e2e.browser import ARGUMENTS
from tests.e2e.system import until

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / ".make" / "node"
BROWSERS = ("chromium", "chromium-109", "firefox")
TABS = 80
WAIT_SECONDS = 20.0

# The accessible name of what has the focus, near enough for a walk, and whether the focus is to be seen.
_FOCUSED = """(() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const labelled = (at.getAttribute("aria-labelledby") ?? "").split(" ")
    .map((id) => document.getElementById(id)?.innerText ?? "").join(" ").trim();
  const name = at.getAttribute("aria-label") || labelled || at.labels?.[0]?.innerText || at.innerText || "";
  const style = getComputedStyle(at);
  return [name.trim().split("\\n")[0], style.outlineStyle !== "none" || style.boxShadow !== "none"];
})()"""
_AXE = """(async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
  const { violations } = await axe.run(document, { runOnly: tags });
  return violations.map(({ id, nodes }) => [id, nodes.map((node) =>
    `${node.target} ${node.any[0]?.message ?? node.all[0]?.message ?? node.html}`)]);
})()"""


class Walker(ABC):
    """One page of one browser, in Vietnamese. Its methods fail with the browser's own words."""

    @abstractmethod
    def goto(self, url: str) -> None: ...

    @abstractmethod
    def press(self, key: str) -> None: ...

    @abstractmethod
    def type(self, text: str) -> None: ...

    @abstractmethod
    def viewport(self, width: int, height: int) -> None: ...

    @abstractmethod
    def evaluate(self, code: str) -> Any: ...

    def try_to_evaluate(self, code: str) -> Any:
        """None while the page is being left."""
        with contextlib.suppress(AssertionError, playwright.sync_api.Error):
            return self.evaluate(code)

    @abstractmethod
    def problems(self) -> list[str]:
        """What the page said of errors since the last time."""

    def wait(self, code: str) -> None:
        """Until the expression is true in the page."""
        # The browsers' own waiting evaluates in the page, where the pages' security policy forbids it.
        until(lambda: self.try_to_evaluate(code), WAIT_SECONDS, code)

    def see(self, text: str) -> None:
        self.wait(f"document.body.innerText.includes({json.dumps(text)})")

    def tab_to(self, name: str) -> None:
        """By Tab alone to what has that accessible name; the focus must be seen there."""
        passed = []
        for _ in range(TABS):
            self.press("Tab")
            found = self.evaluate(_FOCUSED)
            if found and found[0] == name:
                assert found[1], f"the focus on {name!r} cannot be seen"
                return
            passed.append(found and found[0])
        raise AssertionError(f"no way by keyboard to {name!r}, only to {passed}")

    def fill(self, name: str, text: str) -> None:
        self.tab_to(name)
        self.type(text)

    def push(self, name: str) -> None:
        self.tab_to(name)
        self.press("Enter")

    def theme(self, value: Literal["light", "dark"]) -> None:
        """As the page's own switch does it, not the system's setting: Firefox cannot be told that."""
        self.evaluate(f"document.documentElement.dataset.theme = {json.dumps(value)}")

    def violations(self) -> list[Any]:
        """Of WCAG 2.1 A and AA and good practice, by axe-core."""
        if not self.evaluate("typeof axe !== 'undefined'"):
            self.evaluate((NODE / "node_modules/axe-core/axe.min.js").read_text() + ";0")
        return list(self.evaluate(_AXE))


class PlaywrightWalker(Walker):
    def __init__(self, page: Page) -> None:
        self._page = page
        self._problems: list[str] = []
        page.on("pageerror", lambda error: self._problems.append(str(error)))
        page.on("console", lambda said: self._problems.append(said.text) if said.type == "error" else None)

    def goto(self, url: str) -> None:
        self._page.goto(url)

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)

    def viewport(self, width: int, height: int) -> None:
        self._page.set_viewport_size({"width": width, "height": height})

    def evaluate(self, code: str) -> Any:
        return self._page.evaluate(code)

    def problems(self) -> list[str]:
        found, self._problems[:] = list(self._problems), []
        return found


class FirefoxWalker(Walker):
    """By tests/web/walk.mjs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def goto(self, url: str) -> None:
        self._do("goto", url=url)

    def press(self, key: str) -> None:
        self._do("press", key=key)

    def tab_to(self, name: str) -> None:
        # From the top: without a screen, Tab at the page's end leaves for the browser's own bars for good.
        self.evaluate("document.activeElement?.blur(); getSelection().collapse(document.body, 0)")
        super().tab_to(name)

    def type(self, text: str) -> None:
        self._do("type", text=text)

    def viewport(self, width: int, height: int) -> None:
        self._do("viewport", width=width, height=height)

    def evaluate(self, code: str) -> Any:
        return self._do("evaluate", code=code)

    def problems(self) -> list[str]:
        return list(self._do("problems"))

    def _do(self, command: str, **given: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        stdin.write(json.dumps({"command": command, **given}) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"the browser is gone: exit status {self._process.wait(5)}"
        answer = json.loads(line)
        assert "error" not in answer, f"{command} {str(given)[:300]}: {answer['error']}"
        return answer["value"]


@contextlib.contextmanager
def walker(browser: str) -> Iterator[Walker]:
    """`browser`: one of BROWSERS."""
    if browser == "firefox":
        with _firefox() as found:
            yield found
        return
    program = str(NODE / "chromium-109/chromium") if browser == "chromium-109" else shutil.which("chromium")
    assert program, "chromium is not installed"
    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield PlaywrightWalker(launched.new_page(locale="vi-VN", ignore_https_errors=True))
        finally:
            launched.close()


@contextlib.contextmanager
def _firefox() -> Iterator[Walker]:
    program = shutil.which("firefox-esr")
    assert program, "firefox-esr is not installed"
    command = ["node", str(ROOT / "tests/web/walk.mjs"), str(NODE), program]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    try:
        yield FirefoxWalker(process)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.communicate('{"command": "close"}\n', timeout=30)
