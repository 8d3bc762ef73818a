"""Probes of the node's lines. `stamp.py` and what it uses do no I/O; `stamp_socket.py` does nothing else."""
