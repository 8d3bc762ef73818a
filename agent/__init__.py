"""The light program on each commune node: samples, probes, queues on disk, delivers to one host."""

__version__ = "0.1.0"
