"""/metrics of the hub: what the hub derives or owns, rendered from snapshots taken for one scrape."""

from exporters.metrics.render import CONTENT_TYPE, BackupAge, HubSnapshots, render

__all__ = ["CONTENT_TYPE", "BackupAge", "HubSnapshots", "render"]
