"""IF-MIB (RFC 2863): interfaces, their state and 64-bit counters. Counters are said as they are; a reset shows."""

from __future__ import annotations

from agent.devices.mibs.mib import Mib
from agent.devices.varbind import Oid, Walked, oid
from agent.samples import Family, Kind, Labels, Sample
from agent.wire.configuration import DeviceConfiguration

IF_DESCR = oid("1.3.6.1.2.1.2.2.1.2")
IF_TYPE = oid("1.3.6.1.2.1.2.2.1.3")
IF_ADMIN_STATUS = oid("1.3.6.1.2.1.2.2.1.7")
IF_OPER_STATUS = oid("1.3.6.1.2.1.2.2.1.8")
IF_LAST_CHANGE = oid("1.3.6.1.2.1.2.2.1.9")
IF_IN_OCTETS = oid("1.3.6.1.2.1.2.2.1.10")
IF_IN_DISCARDS = oid("1.3.6.1.2.1.2.2.1.13")
IF_IN_ERRORS = oid("1.3.6.1.2.1.2.2.1.14")
IF_OUT_OCTETS = oid("1.3.6.1.2.1.2.2.1.16")
IF_OUT_DISCARDS = oid("1.3.6.1.2.1.2.2.1.19")
IF_OUT_ERRORS = oid("1.3.6.1.2.1.2.2.1.20")
IF_NAME = oid("1.3.6.1.2.1.31.1.1.1.1")
IF_HC_IN_OCTETS = oid("1.3.6.1.2.1.31.1.1.1.6")
IF_HC_OUT_OCTETS = oid("1.3.6.1.2.1.31.1.1.1.10")
IF_HIGH_SPEED = oid("1.3.6.1.2.1.31.1.1.1.15")
IF_ALIAS = oid("1.3.6.1.2.1.31.1.1.1.18")
IF_DISCONTINUITY = oid("1.3.6.1.2.1.31.1.1.1.19")

MAX_INTERFACES = 96
_SOFTWARE_LOOPBACK = 24
_COUNTERS: tuple[tuple[str, Oid], ...] = (
    ("thongsuot_interface_receive_errors_total", IF_IN_ERRORS),
    ("thongsuot_interface_transmit_errors_total", IF_OUT_ERRORS),
    ("thongsuot_interface_receive_drops_total", IF_IN_DISCARDS),
    ("thongsuot_interface_transmit_drops_total", IF_OUT_DISCARDS),
)


def names(walked: Walked) -> dict[Oid, str]:
    """By index: each interface's name, none twice; loopback left out, the rest bounded."""
    found: dict[Oid, str] = {}
    taken: set[str] = set()
    for index in walked.column(IF_DESCR):
        if walked.number(IF_TYPE, index) == _SOFTWARE_LOOPBACK or len(found) >= MAX_INTERFACES:
            continue
        number = ".".join(map(str, index))
        name = walked.text(IF_NAME, index) or walked.text(IF_DESCR, index) or number
        if name in taken:
            name = f"{name} {number}"
        taken.add(name)
        found[index] = name
    return found


def is_wan(walked: Walked, index: Oid, wanted: str) -> bool:
    """Whether this interface is the configured way out, by name, description, alias or index."""
    said = {walked.text(column, index) for column in (IF_NAME, IF_DESCR, IF_ALIAS)}
    return bool(wanted) and (wanted in said or wanted == ".".join(map(str, index)))


def discontinuities(walked: Walked) -> dict[str, int]:
    return {
        name: ticks
        for index, name in names(walked).items()
        if (ticks := walked.number(IF_DISCONTINUITY, index)) is not None
    }


def parse(walked: Walked, device: DeviceConfiguration) -> list[Sample]:
    samples = []
    for index, name in names(walked).items():
        role = "wan" if is_wan(walked, index, device.wan_interface) else "lan"
        labels: Labels = (("device", device.name), ("interface", name), ("role", role))
        figures: list[tuple[str, int | None]] = [
            ("thongsuot_interface_admin_status", walked.number(IF_ADMIN_STATUS, index)),
            ("thongsuot_interface_oper_status", walked.number(IF_OPER_STATUS, index)),
        ]
        change = walked.number(IF_LAST_CHANGE, index)
        if change is not None:
            samples.append(Sample("thongsuot_interface_last_change_uptime_seconds", change / 100, labels))
        speed = walked.number(IF_HIGH_SPEED, index)
        figures.append(("thongsuot_interface_speed_bits_per_second", speed * 1_000_000 if speed else None))
        for word, wide, narrow in (
            ("receive", IF_HC_IN_OCTETS, IF_IN_OCTETS),
            ("transmit", IF_HC_OUT_OCTETS, IF_OUT_OCTETS),
        ):
            octets = walked.number(wide, index)
            # 32 bits wrap in 34 s at 1 Gbit/s; they are better than nothing on gear that has no others.
            figures.append(
                (
                    f"thongsuot_interface_{word}_bytes_total",
                    octets if octets is not None else walked.number(narrow, index),
                )
            )
        figures += [(metric, walked.number(column, index)) for metric, column in _COUNTERS]
        samples += [Sample(metric, value, labels) for metric, value in figures if value is not None]
    return samples


MIB = Mib(
    IF_DESCR,
    (
        IF_TYPE, IF_NAME, IF_ALIAS, IF_ADMIN_STATUS, IF_OPER_STATUS, IF_LAST_CHANGE, IF_HIGH_SPEED, IF_HC_IN_OCTETS,
        IF_HC_OUT_OCTETS, IF_IN_OCTETS, IF_OUT_OCTETS, IF_IN_ERRORS, IF_OUT_ERRORS, IF_IN_DISCARDS, IF_OUT_DISCARDS,
        IF_DISCONTINUITY,
    ),
    parse,
    (
        Family("thongsuot_interface_admin_status", Kind.GAUGE, "ifAdminStatus: 1 is to be up."),
        Family("thongsuot_interface_oper_status", Kind.GAUGE, "ifOperStatus: 1 is up."),
        Family("thongsuot_interface_last_change_uptime_seconds", Kind.GAUGE, "sysUpTime at the last change."),
        Family("thongsuot_interface_speed_bits_per_second", Kind.GAUGE, "ifHighSpeed."),
        Family("thongsuot_interface_receive_bytes_total", Kind.COUNTER, "Bytes received."),
        Family("thongsuot_interface_transmit_bytes_total", Kind.COUNTER, "Bytes sent."),
        Family("thongsuot_interface_receive_errors_total", Kind.COUNTER, "Packets received with errors."),
        Family("thongsuot_interface_transmit_errors_total", Kind.COUNTER, "Packets not sent because of errors."),
        Family("thongsuot_interface_receive_drops_total", Kind.COUNTER, "Received packets that were dropped."),
        Family("thongsuot_interface_transmit_drops_total", Kind.COUNTER, "Packets dropped before sending."),
    ),
)  # fmt: skip
