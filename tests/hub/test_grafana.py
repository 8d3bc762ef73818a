"""Grafana as a program of the hub: a stand-in reads what the real one is given; there is none in Debian."""

from __future__ import annotations

import configparser
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hub import grafana, installed
from hub.configuration import Configuration, GrafanaSection, HubSection, PrometheusSection
from hub.paths import Paths, paths
from hub.programs import ports, programs
from hub.supervisor import Program

# As Grafana reads its command line and its files: options of `server`, $__file{}, comments.
STAND_IN = """\
import argparse, configparser, json, pathlib, re, sys
if sys.argv[0].endswith("/grafana"):
    assert sys.argv.pop(1) == "server"
parser = argparse.ArgumentParser()
parser.add_argument("--homepath", type=pathlib.Path, required=True)
parser.add_argument("--config", type=pathlib.Path, required=True)
options = parser.parse_args()
assert (options.homepath / "conf" / "defaults.ini").is_file()
ini = configparser.RawConfigParser(inline_comment_prefixes=("#", ";"))
ini.read_string(options.config.read_text())
def read(text):
    return re.sub(r"\\$__file{([^}]+)}", lambda found: pathlib.Path(found[1]).read_text().strip(), text)
provisioning = pathlib.Path(ini["paths"]["provisioning"])
print(json.dumps({
    "password": read(ini["security"]["admin_password"]),
    "secret_key": read(ini["security"]["secret_key"]),
    "provisioned": sorted(str(file.relative_to(provisioning)) for file in provisioning.rglob("*.yaml")),
    "folders": sorted(file.name for file in provisioning.iterdir()),
}))
"""


def unpacked(home: Path, executable: str = "grafana") -> Path:
    """A folder that looks as Grafana's package does."""
    program = home / "bin" / executable
    for file, text in (
        (home / "conf" / "defaults.ini", "[server]\n"),
        (program, f"#!{sys.executable}\n{STAND_IN}"),
    ):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    program.chmod(0o755)
    return home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = unpacked(tmp_path / "grafana-11.6.0")
    monkeypatch.setenv("PATH", f"{made / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    found = paths(tmp_path / "data")
    found.create()
    return found


def the_program(configuration: Configuration, where: Paths) -> Program:
    return next(one for one in programs(configuration, None, where) if one.name == grafana.NAME)


def ini_of(where: Paths) -> configparser.RawConfigParser:
    ini = configparser.RawConfigParser()
    ini.read(where.grafana / "grafana.ini", encoding="utf-8")
    return ini


def test_it_is_started_with_files_that_it_can_read(home: Path, where: Paths) -> None:
    program = the_program(Configuration(), where)
    done = subprocess.run(program.arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["password"] == (where.secrets / grafana.PASSWORD).read_text()
    assert len(seen["secret_key"]) >= 40
    assert seen["provisioned"] == ["dashboards/thongsuot.yaml", "datasources/prometheus.yaml"]
    assert seen["folders"] == ["alerting", "dashboards", "datasources", "plugins"]


def test_nobody_gets_in_unasked_and_nothing_is_asked_of_the_internet(home: Path, where: Paths) -> None:
    the_program(Configuration(), where)
    ini = ini_of(where)
    assert not ini.getboolean("auth.anonymous", "enabled")
    assert not ini.getboolean("users", "allow_sign_up")
    for key in ("reporting_enabled", "check_for_updates", "check_for_plugin_updates"):
        assert not ini.getboolean("analytics", key)
    assert ini.getboolean("plugins", "preinstall_disabled")
    assert not ini.getboolean("unified_alerting", "enabled")
    text = (where.grafana / "grafana.ini").read_text()
    for secret in (grafana.PASSWORD, grafana.SECRET_KEY):
        assert stat.S_IMODE((where.secrets / secret).stat().st_mode) == 0o600
        assert (where.secrets / secret).read_text() not in text


def test_on_loopback_it_speaks_http_to_this_machine_only(home: Path, where: Paths) -> None:
    the_program(Configuration(grafana=GrafanaSection(port=13001)), where)
    server = dict(ini_of(where)["server"])
    assert server == {
        "protocol": "http",
        "http_addr": "127.0.0.1",
        "http_port": "13001",
        "root_url": "http://127.0.0.1:13001/",
    }
    assert ini_of(where)["paths"]["data"] == str(where.grafana / "data")


def test_on_the_lan_it_has_the_hubs_certificate_and_name(home: Path, where: Paths) -> None:
    configuration = Configuration(hub=HubSection(listen="0.0.0.0", names=("thongsuot.example",)))
    the_program(configuration, where)
    ini = ini_of(where)
    assert ini["server"]["protocol"] == "https"
    assert ini["server"]["http_addr"] == "0.0.0.0"
    assert ini["server"]["root_url"] == "https://thongsuot.example:13000/"
    assert ini["server"]["cert_file"] == str(where.tls / "server.pem")
    assert ini["server"]["cert_key"] == str(where.tls / "server.key")
    assert ini.getboolean("security", "cookie_secure")
    assert ("grafana.port", "0.0.0.0") in {(port.key, port.address) for port in ports(configuration)}


def test_its_data_source_is_the_hubs_prometheus_and_its_folder_has_our_dashboards(home: Path, where: Paths) -> None:
    the_program(Configuration(prometheus=PrometheusSection(port=19099)), where)
    provisioning = where.grafana / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    assert (source["type"], source["uid"], source["isDefault"]) == ("prometheus", "thongsuot-prometheus", True)
    assert source["url"] == "http://127.0.0.1:19099"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "thongsuot.yaml").read_text())["providers"]
    assert (provider["type"], provider["folder"]) == ("file", "Thông Suốt")
    assert provider["options"]["path"].endswith("exporters/grafana/dashboards")


def test_its_password_is_made_once_and_said_where(home: Path, where: Paths) -> None:
    the_program(Configuration(), where)
    first = (where.secrets / grafana.PASSWORD).read_text()
    the_program(Configuration(), where)
    assert (where.secrets / grafana.PASSWORD).read_text() == first
    said = grafana.sign_in_line(where)
    assert "http://127.0.0.1:13000/" in said
    assert str(where.secrets / grafana.PASSWORD) in said
    assert first not in said


@pytest.mark.parametrize(
    "configuration",
    [
        Configuration(grafana=GrafanaSection(enabled=False)),
        Configuration(prometheus=PrometheusSection(enabled=False)),
    ],
)
def test_it_stays_away_when_not_wanted_or_without_prometheus(
    home: Path, where: Paths, configuration: Configuration
) -> None:
    assert grafana.NAME not in {one.name for one in programs(configuration, None, where)}
    assert "grafana.port" not in {port.key for port in ports(configuration)}


def test_the_program_of_the_package_is_taken_and_not_its_wrapper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = unpacked(tmp_path / "usr" / "share" / "grafana")
    wrapper = tmp_path / "usr" / "sbin" / "grafana"
    wrapper.parent.mkdir()
    wrapper.write_text("#!/bin/sh\nexit 5\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(wrapper.parent))
    assert installed.GRAFANA.find() == installed.FoundGrafana((str(home / "bin" / "grafana"), "server"), home)


def test_an_older_one_has_a_program_of_its_own_for_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = unpacked(tmp_path / "share", "grafana-server")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = installed.Grafana(package_home=home).find()
    assert found == installed.FoundGrafana((str(home / "bin" / "grafana-server"),), home)


def test_without_it_is_said_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = installed.Grafana(package_home=tmp_path / "nowhere")
    monkeypatch.setattr(installed, "_SYSTEM_FOLDERS", str(tmp_path))
    assert not missing.is_there()
    assert "https://grafana.com/grafana/download" in missing.install_command()
