"""Emulated lines: test equipment that delays, loses and queues real packets, and tells what became of each.

`line.py` is the line itself (a process between two TUN devices), `bench.py` builds places to put it: network
namespaces with a node at one end and a hub at the other. Needs root and /dev/net/tun, and says so.
"""
