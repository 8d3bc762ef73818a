"""Remote write taken in: bytes of a request → samples to keep, in the hub's time, stamped with who sent them.

No sockets, no clock, no tables.
"""
