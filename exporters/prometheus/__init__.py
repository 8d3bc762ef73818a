"""Generated configuration of Prometheus and Alertmanager: pure functions from settings to text."""

from exporters.prometheus.alertmanager import Webhook, alertmanager_configuration
from exporters.prometheus.configuration import ScrapeTarget, prometheus_arguments, prometheus_configuration

__all__ = [
    "ScrapeTarget",
    "Webhook",
    "alertmanager_configuration",
    "prometheus_arguments",
    "prometheus_configuration",
]
