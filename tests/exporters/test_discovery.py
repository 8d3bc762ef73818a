"""The directory as targets of Prometheus' HTTP service discovery."""

from __future__ import annotations

import pytest

from collector.directory import DirectoryView, NodeRecord, SiteRecord
from collector.directory.view import DeviceRecord
from exporters.discovery import TargetGroup, blackbox, devices, nodes


def node(number: str, hostname: str) -> NodeRecord:
    return NodeRecord(number, "kx", hostname, "linux", "1", 0, None)


VIEW = DirectoryView(
    sites=(SiteRecord("kx", "UBND xã Kim Xá", "Xã Kim Xá", "Vĩnh Tường"), SiteRecord("tt", "Trung tâm", None)),
    nodes=(node("n-1", "pc-kim-xa"), node("n-2", "")),
    devices=(
        DeviceRecord("router-kx", "kx", "router", "10.20.1.1"),
        DeviceRecord("switch-kx", "kx", "switch", "fd00::2"),
        DeviceRecord("ups-kx", "kx", "ups", ""),
    ),
)
PLACE = {"site": "kx", "unit": "Xã Kim Xá", "area": "Vĩnh Tường"}


def test_a_node_is_its_host_name_with_the_place_where_it_stands() -> None:
    labels = {**PLACE, "node": "n-1", "hostname": "pc-kim-xa"}
    assert list(nodes(VIEW)) == [TargetGroup("pc-kim-xa", labels)]
    assert [group.target for group in nodes(VIEW, 9100)] == ["pc-kim-xa:9100"]


@pytest.mark.parametrize(
    ("port", "targets"), [(None, ["10.20.1.1", "fd00::2"]), (161, ["10.20.1.1:161", "[fd00::2]:161"])]
)
def test_a_device_without_an_address_is_no_target(port: int | None, targets: list[str]) -> None:
    found = list(devices(VIEW, port))
    assert [group.target for group in found] == targets
    assert found[0].labels == {**PLACE, "device": "router-kx", "kind": "router"}


def test_the_hub_is_probed_by_http_and_devices_by_icmp() -> None:
    found = list(blackbox(VIEW, "tt", "https://hub.example:8080"))
    assert found[0] == TargetGroup("https://hub.example:8080/healthz", {"site": "tt", "module": "http_2xx"})
    assert [(group.target, group.labels["module"]) for group in found[1:]] == [
        ("10.20.1.1", "icmp"),
        ("fd00::2", "icmp"),
    ]
    assert all(all(group.labels.values()) for group in found)
