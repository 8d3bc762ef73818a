"""The composition root: command line, configuration, supervisor, one ASGI application, the board's pages."""

__version__ = "0.1.0"
