"""The real thing, started as a user starts it, on ports and data of its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyotp

from tests.ports import free_ports

NEW_PASSWORD = "đủ dài và chỉ để thử"
READY_SECONDS = 60.0


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """What `condition` gives once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)


class System:
    """One `thongsuot up`. Its folder outlives it, so that it can be started again."""

    def __init__(self, data: Path, *, listen: str = "127.0.0.1", workers: int = 2) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.listen = listen
        self.hub_port, stamp, self.prometheus_port, alertmanager, agent = free_ports(5)
        (data / "hub.toml").write_text(
            f"[hub]\nport = {self.hub_port}\n[stamp]\nport = {stamp}\n"
            f"[media]\nport = {free_ports(workers, in_a_row=True)[0]}\nworkers = {workers}\n"
            f"[agent]\nmetrics_port = {agent}\n"
            f"[prometheus]\nport = {self.prometheus_port}\n[alertmanager]\nport = {alertmanager}\n"
            "[grafana]\nenabled = false\n"
        )
        scheme = "http" if listen == "127.0.0.1" else "https"
        self.url = f"{scheme}://127.0.0.1:{self.hub_port}"
        self.prometheus_url = f"http://127.0.0.1:{self.prometheus_port}"
        self.lines: list[str] = []
        self.password = ""
        self.recovery_codes: list[str] = []
        self._cookies = httpx.Cookies()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "hub", "up", "--data", str(self.data), "--listen", self.listen]
        self.lines = []
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        until(lambda: any("logs:" in line for line in self.lines), READY_SECONDS, f"started; said {self.lines}")
        found = re.search(r"admin / (\S+)", "\n".join(self.lines))
        if found:
            self.password = found[1]

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            self.lines.extend(process.stdout)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def interrupt(self) -> tuple[int, float]:
        """Ctrl-C: exit status and the seconds it took."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        status = self._process.wait(30)
        return status, time.monotonic() - began

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hub", *words, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=60,
        )

    def pid_of(self, name: str) -> int:
        """Of that program, once it runs."""
        from hub.paths import paths
        from hub.supervisor import control

        def pid() -> int | None:
            statuses = control.ask(paths(self.data).supervisor_socket, "status")
            return next((status.pid for status in statuses if status.name == name), None)

        return int(until(pid, 60, f"{name} runs"))

    def descendants(self) -> list[int]:
        from hub.paths import paths
        from hub.supervisor import control

        return [status.pid for status in control.ask(paths(self.data).supervisor_socket, "status") if status.pid]

    def client(self) -> httpx.Client:
        ca = self.data / "tls" / "ca.pem"
        import ssl

        verify = ssl.create_default_context(cafile=str(ca)) if self.url.startswith("https") else True
        return httpx.Client(base_url=self.url, verify=verify, timeout=10)

    @contextlib.contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        """A client of the administrator; the first call goes through the whole first sign-in, later ones keep on."""
        with self.client() as client:
            client.cookies.update(self._cookies)
            answer = client.get("/api/v1/session")
            if answer.status_code == 401:
                answer = client.post("/api/v1/session", json={"name": "admin", "password": NEW_PASSWORD})
                if answer.status_code == 401:
                    answer = client.post("/api/v1/session", json={"name": "admin", "password": self.password})
            while True:
                assert answer.status_code == 200, answer.text
                step = answer.json()["next"]
                if not step:
                    break
                answer = self._step(client, step)
            self._cookies = httpx.Cookies(client.cookies)
            yield client

    def _step(self, client: httpx.Client, step: str) -> httpx.Response:
        """One step of signing in, and what comes after it."""
        if step == "new_password":
            change = {"old": self.password, "new": NEW_PASSWORD}
            return client.post("/api/v1/session/password", json=change)
        if step == "set_up_totp":
            secret = client.post("/api/v1/account/totp", json={}).raise_for_status().json()["secret"]
            confirmed = client.post("/api/v1/account/totp/confirm", json={"code": pyotp.TOTP(secret).now()})
            self.recovery_codes = confirmed.raise_for_status().json()["recovery_codes"]
            return client.get("/api/v1/session")
        if step == "unlock":
            return client.post("/api/v1/session/unlock", json={"password": NEW_PASSWORD})
        # A code of the telephone is good once in 30 s; a test does not wait.
        return client.post("/api/v1/session/code", json={"code": self.recovery_codes.pop()})

    def query(self, expression: str, at: float | None = None) -> list[dict[str, Any]]:
        """Instant query of the system's own Prometheus."""
        values = {"query": expression} | ({"time": str(at)} if at is not None else {})
        answer = httpx.get(f"{self.prometheus_url}/api/v1/query", params=values, timeout=10)
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
