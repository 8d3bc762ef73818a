"""Target groups of nodes, devices and blackbox probes. Knows nothing of who may see which site.

Form: https://prometheus.io/docs/prometheus/latest/http_sd/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collector.directory import DirectoryView, SiteRecord
from collector.directory.view import DeviceRecord

HTTP, ICMP = "http_2xx", "icmp"
"""Modules as blackbox_exporter's own example configuration names them."""


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """One target with labels of its own; `site` is among them. A label that would be empty is left out."""

    target: str
    labels: dict[str, str]


def nodes(view: DirectoryView, port: int | None = None) -> Iterator[TargetGroup]:
    """Machines by their host names: what is scraped there is an exporter of the caller's own, at `port`."""
    sites = {site.site: site for site in view.sites}
    for node in view.nodes:
        if node.hostname:
            labels = _place(sites[node.site]) | {"node": node.node, "hostname": node.hostname}
            yield TargetGroup(_with_port(node.hostname, port), labels)


def devices(view: DirectoryView, port: int | None = None) -> Iterator[TargetGroup]:
    """Routers, switches, UPSes… that have an address, as for snmp_exporter."""
    sites = {site.site: site for site in view.sites}
    for device in view.devices:
        if device.address:
            labels = _of_device(device, sites[device.site])
            yield TargetGroup(_with_port(device.address, port), labels)


def blackbox(view: DirectoryView, hub_site: str, hub_url: str) -> Iterator[TargetGroup]:
    """The label `module` says how: the hub's own pages by HTTP, devices by ICMP."""
    sites = {site.site: site for site in view.sites}
    if hub_site in sites:
        yield TargetGroup(f"{hub_url}/healthz", _place(sites[hub_site]) | {"module": HTTP})
    for device in view.devices:
        if device.address:
            yield TargetGroup(device.address, _of_device(device, sites[device.site]) | {"module": ICMP})


def _place(site: SiteRecord) -> dict[str, str]:
    labels = {"site": site.site, "unit": site.unit, "area": site.area}
    return {name: value for name, value in labels.items() if value}


def _of_device(device: DeviceRecord, site: SiteRecord) -> dict[str, str]:
    return _place(site) | {"device": device.device, "kind": device.kind}


def _with_port(host: str, port: int | None) -> str:
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
