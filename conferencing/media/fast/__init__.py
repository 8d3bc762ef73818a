"""The packet path in C, in a thread of its own: there when it was built, and then the worker's choice."""
