# Served by the hub and run by the one line of `thongsuot agent token`: `h` is the hub's address, `p` the PEM
# of its CA, compared with the fingerprint before (None over plain HTTP on one machine). Needs Debian's Python
# 3.11 and nothing else: the agent's packages come from the hub, each checked by its SHA-256; no Internet.
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from typing import NoReturn

h: str = globals()["h"]
p: str | None = globals()["p"]
SERVICE = "thongsuot-agent"


def say(vi: str, en: str) -> None:
    print(f"- {vi} / {en}", flush=True)


def fail(vi: str, en: str) -> NoReturn:
    sys.exit(f"✗ {vi} / {en}")


def fetch(path: str) -> bytes:
    context = ssl.create_default_context(cadata=p) if p else None
    with urllib.request.urlopen(h + path, context=context, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def download(folder: pathlib.Path) -> str:
    wheels = json.loads(fetch("/packages/index.json"))["packages"]
    if not wheels:
        fail("máy chủ chưa có gói cài đặt: chạy make up ở đó", "the hub has no packages: run make up there")
    for wheel in wheels:
        content = fetch("/packages/" + wheel["name"])
        if hashlib.sha256(content).hexdigest() != wheel["sha256"]:
            fail(f"gói {wheel['name']} bị hỏng", f"package {wheel['name']} is damaged")
        (folder / wheel["name"]).write_bytes(content)
    return next(str(path) for path in folder.glob("pip-*.whl"))


def install(prefix: pathlib.Path) -> None:
    # --without-pip: a plain Debian has split ensurepip off; pip itself comes from the hub as a wheel.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(prefix)], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pip = download(folder)
        command = [str(prefix / "bin/python"), f"{pip}/pip", "install", "--quiet", "--no-index", "--no-cache-dir"]
        command += ["--disable-pip-version-check", "--root-user-action=ignore", "--find-links", name]
        subprocess.run([*command, "thongsuot[agent]", "pysnmp"], check=True)


def enrol(prefix: pathlib.Path, state: pathlib.Path, token: str) -> None:
    command = [str(prefix / "bin/thongsuot-agent"), "enrol", "--hub", h, "--token", token, "--state", str(state)]
    if subprocess.run(command).returncode != 0:
        fail("chưa ghi danh được", "not enrolled")


def write_service(prefix: pathlib.Path, state: pathlib.Path) -> None:
    # The program brings its units along: which rights it needs is its own affair.
    subprocess.run([str(prefix / "bin" / SERVICE), "install", "--state", str(state)], check=True)


def write_uninstaller(prefix: pathlib.Path, state: pathlib.Path) -> None:
    lines = [
        "import os, pathlib, shutil, subprocess",
        "if os.geteuid() == 0 and pathlib.Path('/run/systemd/system').exists():",
        f"    subprocess.run([{str(prefix / 'bin' / SERVICE)!r}, 'uninstall', '--state', {str(state)!r}])",
        f"shutil.rmtree({str(state)!r}, ignore_errors=True)",
        f"shutil.rmtree({str(prefix)!r}, ignore_errors=True)",
        "print('● đã gỡ / removed')",
    ]
    (prefix / "uninstall.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="install")
    parser.add_argument("--token", required=True)
    parser.add_argument("--prefix", type=pathlib.Path, default=pathlib.Path("/opt/thongsuot-agent"))
    parser.add_argument("--state", type=pathlib.Path, default=pathlib.Path("/var/lib/thongsuot-agent"))
    parser.add_argument("--no-service", action="store_true", help="install and enrol only")
    asked = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever Python the node has
        fail("cần Python 3.11 trở lên (Debian 12)", "Python 3.11 or newer is needed (Debian 12)")
    say(f"cài vào {asked.prefix} từ {h}", f"installing into {asked.prefix} from {h}")
    try:
        install(asked.prefix)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"không cài được: {error}", f"not installed: {error}")
    enrol(asked.prefix, asked.state, asked.token)
    write_uninstaller(asked.prefix, asked.state)
    if asked.no_service:
        say("không tạo dịch vụ", "no service made")
    elif os.geteuid() == 0 and shutil.which("systemctl") and pathlib.Path("/run/systemd/system").exists():
        try:
            write_service(asked.prefix, asked.state)
        except subprocess.CalledProcessError as error:
            fail(f"không tạo được dịch vụ: {error}", f"no service made: {error}")
        say("dịch vụ đang chạy", f"service {SERVICE} runs")
    else:
        run = f"{asked.prefix}/bin/thongsuot-agent run --state {asked.state}"
        say(f"máy này không có systemd; chạy: {run}", f"no systemd here; run: {run}")
    print("● xong / done", flush=True)


main()
