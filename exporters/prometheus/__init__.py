"""Generated configuration of Prometheus and Alertmanager: pure functions from settings to text."""

from exporters.prometheus.alertmanager import alertmanager_configuration
from exporters.prometheus.configuration import ScrapeTarget, prometheus_arguments, prometheus_configuration

__all__ = ["ScrapeTarget", "alertmanager_configuration", "prometheus_arguments", "prometheus_configuration"]
