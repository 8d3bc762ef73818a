"""Many sites at once: areas speak for them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporters.oncall.nouns import Trouble
from exporters.oncall.policy import Policy


def areas_of(
    due: Sequence[Trouble], told_lately: int, area_of: Mapping[str, str], policy: Policy
) -> dict[str, list[Trouble]]:
    """Area → troubles that it speaks for; empty when there is no storm.

    `due`: troubles of sites that would be told now. `told_lately`: sites told within the storm's window. `area_of`:
    site → the unit above the site's own; sites without one belong to "".
    """
    if len(due) + told_lately <= policy.storm_sites:
        return {}
    found: dict[str, list[Trouble]] = {}
    for trouble in sorted(due, key=lambda one: one.id):
        found.setdefault(area_of.get(trouble.site, ""), []).append(trouble)
    return found
