"""What there is to scrape and to probe, as Prometheus' HTTP service discovery; pure, from the directory."""

from exporters.discovery.targets import TargetGroup, blackbox, devices, nodes

__all__ = ["TargetGroup", "blackbox", "devices", "nodes"]
