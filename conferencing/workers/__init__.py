"""The hub's side of the media workers: connections, and which worker takes a room."""
