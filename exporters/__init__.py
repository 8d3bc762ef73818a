"""Everything that leaves the hub: /metrics, remote write to receivers, generated Prometheus configuration."""
