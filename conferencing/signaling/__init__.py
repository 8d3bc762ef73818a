"""JSON between page and hub over one WebSocket. docs/protocol.md, 5."""
