"""Forwarding of media, ours and Janus VideoRoom's in the same run. `python -m benchmarks sfu`."""

from benchmarks.sfu.table import run

__all__ = ["run"]
