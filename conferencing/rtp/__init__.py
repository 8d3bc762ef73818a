"""Sans-I/O cores of RTP forwarding: bytes and times in, decisions out. No sockets, clocks, crypto or asyncio."""
