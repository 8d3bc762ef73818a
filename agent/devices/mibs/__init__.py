"""What is asked of devices. Adding a MIB: a file beside these, a line here, a recording in the tests."""

from __future__ import annotations

from agent.devices.mibs import entity_sensor, host_resources, if_mib, ip_net_to_media, lldp, ups_mib
from agent.devices.mibs.mib import Mib

MIBS: dict[str, Mib] = {
    "if": if_mib.MIB,
    "entity_sensor": entity_sensor.MIB,
    "host_resources": host_resources.MIB,
    "ups": ups_mib.MIB,
    "lldp": lldp.MIB,
    "ip_net_to_media": ip_net_to_media.MIB,
}
