"""Alert and recording rules: one catalogue in Python, from which Prometheus' files, their tests and runbooks come."""

from exporters.rules.catalogue import GROUPS, alerts, recording_rules
from exporters.rules.render import promtool_file, rule_file
from exporters.rules.rule import Alert, Example, Group, Recording, Text

__all__ = [
    "GROUPS",
    "Alert",
    "Example",
    "Group",
    "Recording",
    "Text",
    "alerts",
    "promtool_file",
    "recording_rules",
    "rule_file",
]
