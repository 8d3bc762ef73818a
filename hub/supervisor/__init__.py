"""Starts, restarts and stops the programs of one hub as children, and answers `thongsuot status|start|stop`."""

from hub.supervisor.program import Program
from hub.supervisor.supervisor import Supervisor

__all__ = ["Program", "Supervisor"]
