"""Logons of Windows' Security log, as `wevtutil qe Security /f:xml` writes them: pure."""

from __future__ import annotations

from datetime import datetime

from agent.signals.login_lines import MAX_ATTEMPTS, Attempt

SUCCESS, FAILURE = "4624", "4625"
_NAMESPACE = "{http://schemas.microsoft.com/win/2004/08/events/event}"
_PEOPLE = frozenset({"2", "7", "10", "11"})
"""LogonType: at the machine, unlocked, by remote desktop, at the machine with what it remembers."""
_NOBODY = frozenset({"", "-", "::1", "127.0.0.1"})


def parse_events(text: str) -> list[Attempt]:
    """Events laid end to end, without a root. What cannot be read is left out."""
    from xml.etree import ElementTree

    attempts = []
    for part in text.split("</Event>")[:-1]:
        begin = part.find("<Event ")
        # An entity could make much of little; events have none.
        if begin < 0 or "<!" in part:
            continue
        try:
            event = ElementTree.fromstring(part[begin:] + "</Event>")  # noqa: S314 - no document type gets here
        except ElementTree.ParseError:
            continue
        if (attempt := _attempt(event)) is not None:
            attempts.append(attempt)
    return attempts[-MAX_ATTEMPTS:]


def _attempt(event: object) -> Attempt | None:
    from xml.etree.ElementTree import Element

    if not isinstance(event, Element):
        return None
    number = event.findtext(f"{_NAMESPACE}System/{_NAMESPACE}EventID", "")
    created = event.find(f"{_NAMESPACE}System/{_NAMESPACE}TimeCreated")
    said = {one.get("Name", ""): one.text or "" for one in event.iter(f"{_NAMESPACE}Data")}
    if number not in (SUCCESS, FAILURE) or created is None:
        return None
    if number == SUCCESS and said.get("LogonType") not in _PEOPLE:
        return None
    try:
        # Seven digits of a second, where Python takes six.
        stamp, _, rest = created.get("SystemTime", "").rstrip("Z").partition(".")
        time = datetime.fromisoformat(f"{stamp}+00:00").timestamp() + float(f"0.{rest or 0}")
    except (ValueError, OverflowError):
        return None
    address = said.get("IpAddress", "")
    return Attempt(
        time, said.get("TargetUserName", "")[:64], "" if address in _NOBODY else address[:64], number == SUCCESS
    )
