"""Grafana's configuration, by pure functions from settings to text, and the dashboards that are checked in."""

from exporters.grafana.configuration import (
    DASHBOARDS,
    DATA_SOURCE_UID,
    GrafanaSettings,
    dashboards_provisioning,
    data_source_provisioning,
    grafana_arguments,
    grafana_ini,
)

__all__ = [
    "DASHBOARDS",
    "DATA_SOURCE_UID",
    "GrafanaSettings",
    "dashboards_provisioning",
    "data_source_provisioning",
    "grafana_arguments",
    "grafana_ini",
]
