"""The STAMP reflector: a process of its own, so that neither hub nor database is ever in a packet's way.

Standard library and agent.wire only.
"""
