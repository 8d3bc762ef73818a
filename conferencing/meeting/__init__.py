"""What a meeting decides, as events in a log. Sans-I/O: the state is what the log replays to."""
