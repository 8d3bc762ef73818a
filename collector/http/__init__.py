"""The node-facing routes (docs/protocol.md section 1)."""
