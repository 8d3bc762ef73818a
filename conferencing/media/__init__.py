"""The media worker: a process of its own that holds the packets of rooms and nothing else."""
