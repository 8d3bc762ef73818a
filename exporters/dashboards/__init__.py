"""Grafana dashboards as plain values; `render` makes JSON of them, which exporters/grafana/dashboards/ holds."""
