"""Whose fault it was: evidence in, a cause with its reasons in words out. A pure core; knows no database."""

from collector.faults.evidence import CAUSES, Cause, FaultEvidence, Hop, Neighbours, Verdict
from collector.faults.verdict import decide

__all__ = ["CAUSES", "Cause", "FaultEvidence", "Hop", "Neighbours", "Verdict", "decide"]
