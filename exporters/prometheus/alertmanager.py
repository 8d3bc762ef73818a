"""alertmanager.yml: grouped by site, one receiver. The on-call bridge becomes that receiver when there are rules."""

from __future__ import annotations

import yaml


def alertmanager_configuration() -> str:
    """YAML text that `amtool check-config` accepts; what it receives stays in Alertmanager's own list."""
    document = {
        "route": {"receiver": "board", "group_by": ["site"], "group_wait": "10s", "repeat_interval": "4h"},
        "receivers": [{"name": "board"}],
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
