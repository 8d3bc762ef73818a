"""Samples onward to any number of remote-write receivers, each with its own place in one durable queue."""

from exporters.remote_write.forwarder import Forwarder, Receiver
from exporters.remote_write.own_samples import keep_saying
from exporters.remote_write.queue import OutboundQueue
from exporters.remote_write.selection import Selection
from exporters.remote_write.sink import QueueSink

__all__ = ["Forwarder", "OutboundQueue", "QueueSink", "Receiver", "Selection", "keep_saying"]
