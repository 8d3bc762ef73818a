"""What nodes and hub share on the wire: STAMP packets, remote write, enrolment, configuration.

The one part of `agent` that `collector` and `exporters` may import. It does no I/O.
"""
