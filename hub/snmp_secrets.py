"""`snmp.toml` among the secrets: how the offices' gear is asked. See collector.snmp_access for its form."""

from __future__ import annotations

from collector import snmp_access
from collector.snmp_access import SnmpAccess, SnmpAccessError
from hub.failure import UserError
from hub.secret_sources import SecretSources

NAME = "snmp.toml"


def load(sources: SecretSources) -> SnmpAccess:
    """Without such a file nothing is asked. Raises UserError, without what the file holds."""
    path = sources.folder / NAME
    text = sources.given(NAME)
    where = str(path) if text is None else NAME
    if text is None:
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return SnmpAccess()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: không đọc được / cannot be read: {type(error).__name__}") from None
    try:
        return snmp_access.parse(text)
    except SnmpAccessError as error:
        raise UserError(f"{where}: không dùng được / cannot be used: {error}") from None
