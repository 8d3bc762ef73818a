"""/metrics of the hub: what the hub derives or owns, rendered from snapshots taken for one scrape."""

from exporters.metrics.event_loop import LoopDelayMeter
from exporters.metrics.itself import HubItself, ScrapeCost
from exporters.metrics.render import CONTENT_TYPE, BackupAge, HubSnapshots, families, render

__all__ = [
    "CONTENT_TYPE",
    "BackupAge",
    "HubItself",
    "HubSnapshots",
    "LoopDelayMeter",
    "ScrapeCost",
    "families",
    "render",
]
