"""Grafana as the hub sets it up: its dashboards, built by exporters.dashboards, and its provisioning."""
