"""What the signals read, on captured logs and tables of Linux and Windows."""

from __future__ import annotations

import base64
import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.signals import administrators, certificates, files, neighbours, ports, updates, usb
from agent.signals.login_lines import Attempt, parse_auth_log, parse_journal, parse_message
from agent.signals.utmp import RECORD, parse_utmp
from agent.signals.windows_events import parse_events
from tests.agent import certificates as made

FIXTURES = Path(__file__).with_name("fixtures")


def test_attempts_in_the_journal() -> None:
    found = parse_journal(iter((FIXTURES / "journal.jsonl").read_text().splitlines()))
    assert [(one.user, one.address, one.success) for one in found] == [
        ("root", "203.0.113.9", False),
        ("admin", "2001:db8::7", False),
        ("\ufffd", "1.2.3.4", False),
        ("can-bo", "192.168.1.10", True),
        ("can-bo", "", False),
        ("can-bo", "", True),
    ]
    assert found[0].time == 1763861465.0


def test_attempts_in_auth_log_in_both_of_its_date_formats() -> None:
    now = datetime(2026, 1, 2, 12, 0).astimezone().timestamp()
    lines = [
        "Dec 31 23:59:59 pc sshd[71]: Failed password for root from 203.0.113.9 port 1 ssh2",
        "2026-01-01T08:00:00.123456+07:00 pc sshd[72]: Accepted password for can-bo from 192.168.1.2 port 1 ssh2",
        "Jan  2 11:00:00 pc login[9]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
        "Jan  1 00:00:00 pc cron[9]: (root) CMD (true)",
        "nonsense",
    ]
    found = parse_auth_log(iter(lines), now - 3 * 86_400, now)
    assert [(one.user, one.address, one.success) for one in found] == [
        ("root", "203.0.113.9", False),
        ("can-bo", "192.168.1.2", True),
        ("root", "/dev/tty1", False),
    ]
    assert found[0].time == datetime(2025, 12, 31, 23, 59, 59).astimezone().timestamp()
    assert parse_auth_log(iter(lines), now, now) == []


def test_attempts_in_windows_security_log() -> None:
    found = parse_events((FIXTURES / "windows_logons.xml").read_text())
    assert [(one.user, one.address, one.success) for one in found] == [
        ("Administrator", "192.168.1.77", False),
        ("Administrator", "192.168.1.77", True),
    ]
    assert found[0].time == pytest.approx(1795399865.1234567)


@settings(deadline=None)
@given(st.text())
def test_any_text_holds_attempts_or_none(text: str) -> None:
    parse_events(text)
    parse_events(f"<Event {text}</Event>")
    parse_journal(iter([text]))
    parse_auth_log(iter([text]), 0.0, 1.7e9)
    parse_message(0.0, text)
    neighbours.parse_arp(text)
    neighbours.parse_arp_a(text)
    administrators.parse_posix(text, text)
    administrators.parse_localgroup(text)
    updates.parse_upgrade(text)
    certificates.pem_end(text)


@settings(deadline=None)
@given(st.binary(max_size=900))
def test_any_bytes_are_utmp_or_nothing(content: bytes) -> None:
    parse_utmp(content, True, 0.0)


def test_attempts_in_btmp_and_wtmp() -> None:
    def record(kind: int, user: bytes, host: bytes, address: bytes) -> bytes:
        return RECORD.pack(kind, 1, b"pts/0", b"0", user, host, 0, 0, 0, 1000, 0, address)

    assert RECORD.size == 384
    content = record(7, b"root", b"203.0.113.9", bytes([203, 0, 113, 9]) + bytes(12))
    content += record(8, b"", b"", bytes(16)) + record(6, b"x", b":0", bytes(16)) + b"cut short"
    assert parse_utmp(content, True, 0.0) == [
        Attempt(1000.0, "root", "203.0.113.9", False),
        Attempt(1000.0, "x", "", False),
    ]
    assert parse_utmp(content, False, 0.0) == [Attempt(1000.0, "root", "203.0.113.9", True)]
    assert parse_utmp(content, False, 1000.0) == []


def test_administrators_of_linux_and_windows() -> None:
    passwd = "root:x:0:0::/root:/bin/sh\ntoor:x:0:1001::/:/bin/sh\ncan-bo:x:1000:27::/home:/bin/sh\nbroken\n"
    group = "root:x:0:\nsudo:x:27:an\nusers:x:100:nobody\n"
    assert set(administrators.parse_posix(passwd, group)) == {
        "root uid 0", "toor uid 0", "an sudo", "can-bo sudo", "root root",
    }  # fmt: skip
    text = (
        "Alias name     Administrators\nMembers\n\n------------\nAdministrator\nUBND\\can-bo\nThe command is done.\n"
    )
    assert set(administrators.parse_localgroup(text)) == {
        "Administrator Administrators",
        "UBND\\can-bo Administrators",
    }


def test_neighbours_that_have_answered() -> None:
    arp = (
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "192.168.1.1      0x1         0x2         AA:bb:cc:00:00:01     *        eth0\n"
        "192.168.1.2      0x1         0x0         00:00:00:00:00:00     *        eth0\n"
        "192.168.1.3      0x1         0x2         01:00:5e:00:00:01     *        eth0\n"
    )
    assert neighbours.parse_arp(arp) == {"192.168.1.1": "aa:bb:cc:00:00:01"}
    windows = (
        "\nInterface: 192.168.1.5 --- 0xb\n  Internet Address      Physical Address      Type\n"
        "  192.168.1.1           aa-bb-cc-00-00-01     dynamic   \n"
        "  192.168.1.255         ff-ff-ff-ff-ff-ff     static\n"
    )
    assert neighbours.parse_arp_a(windows) == {"192.168.1.1": "aa:bb:cc:00:00:01"}
    assert neighbours.is_made_up("da:a1:19:00:00:01")
    assert not neighbours.is_made_up("00:1b:21:00:00:01")


def test_files_by_their_content_and_by_their_time_where_they_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    before = files.states((str(path),))
    path.write_text("127.0.0.1 localhost\n")
    after = files.states((str(path),))
    assert list(before) == [f"{path} absent"]
    assert next(iter(after)).startswith(f"{path} ")
    assert len(next(iter(after)).split(" ")[1]) == 64
    assert len(files.POSIX_FILES) >= 30


def test_usb_storage_is_known_by_its_serial_number(tmp_path: Path) -> None:
    real = tmp_path / "devices/pci0/usb1/1-2/1-2:1.0/host6/target6/6:0:0:0/block/sdb"
    (real / "device").mkdir(parents=True)
    (real / "device/vendor").write_text("Kingston\n")
    (real / "device/model").write_text("DataTraveler 3.0 \n")
    (tmp_path / "devices/pci0/usb1/1-2/serial").write_text("E0D55EA574\n")
    (tmp_path / "devices/pci0/ata1/sda").mkdir(parents=True)
    block = tmp_path / "block"
    block.mkdir()
    os.symlink(real, block / "sdb")
    os.symlink(tmp_path / "devices/pci0/ata1/sda", block / "sda")
    assert list(usb.block_devices(block)) == ["Kingston DataTraveler 3.0 E0D55EA574"]
    assert usb.block_devices(tmp_path / "none") == {}


def test_updates_that_wait() -> None:
    text = (
        "NOTE: This is only a simulation!\n"
        "Inst libssl3 [3.0.11-1] (3.0.15-1 Debian-Security:12/stable-security [amd64])\n"
        "Inst base-files [12.4] (12.4+deb12u8 Debian:12.8/stable [amd64])\n"
        "Conf libssl3 (3.0.15-1 Debian-Security:12/stable-security [amd64])\n"
    )
    assert updates.parse_upgrade(text) == (2, 1)


def test_the_end_of_the_own_authority(tmp_path: Path) -> None:
    pem = made.make(tmp_path).ca_pem.decode()
    end = certificates.pem_end(pem)
    assert end is not None
    assert end > 1.7e9
    assert certificates.pem_end(f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(b'x').decode()}\n") is None
    assert certificates.read_end(tmp_path / "none") is None


def test_this_machines_own_tables_can_be_read() -> None:
    for read in (ports.read, administrators.read, neighbours.read, files.read, usb.read):
        read(0.0)
    assert "root uid 0" in administrators.read(0.0)
