"""What Alertmanager's webhook says (version 4): parsed, bounded, nothing else believed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exporters.oncall.nouns import Alert

MAX_ALERTS_A_REQUEST = 5000


def _storable(text: str) -> str:
    """What no database keeps as text is refused here."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= one <= "\udfff" for one in text)):
        raise ValueError("no text")
    return text


Word = Annotated[str, Field(max_length=4096), AfterValidator(_storable)]
Words = Annotated[dict[Word, Word], Field(max_length=64)]
Short = Annotated[str, Field(max_length=64), AfterValidator(_storable)]


class SaidAlert(BaseModel):
    """Times in RFC 3339."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    status: Literal["firing", "resolved"]
    labels: Words
    annotations: Words
    starts_at: Word = Field(alias="startsAt")
    ends_at: Word = Field(alias="endsAt")
    fingerprint: Short

    def alert(self, now: float) -> Alert:
        began = min(_seconds(self.starts_at, now), now)
        ended = None if self.status == "firing" else max(began, min(_seconds(self.ends_at, now), now))
        return Alert(
            self.fingerprint,
            self.labels.get("alertname", "")[:200],
            self.labels.get("severity", "")[:16],
            self.labels,
            self.annotations,
            began,
            ended,
            now,
        )


class Notification(BaseModel):
    """One alert group with all of its alerts, unless some are `truncated`."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    alerts: list[SaidAlert] = Field(max_length=MAX_ALERTS_A_REQUEST)
    group_key: Annotated[str, Field(max_length=2000), AfterValidator(_storable)] = Field(default="", alias="groupKey")
    truncated: int = Field(default=0, alias="truncatedAlerts")


def parse(body: bytes) -> Notification:
    """Raises ValueError when it is no notification."""
    try:
        return Notification.model_validate(json.loads(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _seconds(text: str, otherwise: float) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    # Go's zero time stands for "not known".
    return found.timestamp() if found.year > 1970 and found.tzinfo is not None else otherwise
