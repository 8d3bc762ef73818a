"""Recording of meetings: a tap in the worker, a recorder in a process of its own, a composer among the jobs.

The tap gives a copy of each forwarded packet to the recorder over a Unix socket and never waits for it. The recorder
writes what it gets, per source and without decoding it.
"""
