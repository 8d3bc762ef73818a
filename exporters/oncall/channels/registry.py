"""Makes the channels that are configured. Adding one: its file, a section of the configuration, a line here."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx

from exporters.oncall.channels.configuration import ChannelsConfiguration
from exporters.oncall.channels.email import EmailChannel
from exporters.oncall.channels.gsm_modem import GsmModemChannel
from exporters.oncall.channels.receipts import TakeReceipt, forget
from exporters.oncall.channels.sms_http import SmsHttpChannel
from exporters.oncall.channels.webhook import WebhookChannel
from exporters.oncall.channels.zalo_bot import ZaloBotChannel
from exporters.oncall.channels.zalo_token import TokenFile, ZaloToken
from exporters.oncall.channels.zalo_zns import ZnsChannel
from exporters.oncall.contracts import Channel

NAMES = ("email", "webhook", "zalo", "zns", "sms", "modem")
"""All there can be, in the order in which pages show them."""
MAX_CONNECTIONS = 20


@contextlib.asynccontextmanager
async def opened(
    configuration: ChannelsConfiguration,
    *,
    token_file: Path,
    replace: Callable[[Path, bytes], object],
    take_receipt: TakeReceipt = forget,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[dict[str, Channel]]:
    """Channels by name. `token_file`: where the tokens of Zalo are kept; `replace` writes it as a whole."""
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client, contextlib.AsyncExitStack() as stack:
        found: dict[str, Channel] = {}
        it = configuration
        if it.email is not None:
            found["email"] = EmailChannel(it.email)
        if it.webhook is not None:
            found["webhook"] = WebhookChannel(it.webhook, client)
        if it.zalo is not None:
            found["zalo"] = ZaloBotChannel(it.zalo, client)
        if it.zns is not None and it.zns_account is not None:
            token = ZaloToken(
                app_id=it.zns_account.app_id,
                app_secret=it.zns_account.app_secret,
                file=TokenFile(token_file, it.zns_account.refresh_token, replace),
                client=client,
                clock=clock,
                url=it.zns_account.token_url,
            )
            found["zns"] = ZnsChannel(it.zns, token, client)
        if it.sms is not None:
            found["sms"] = SmsHttpChannel(it.sms, client)
        if it.modem is not None:
            found["modem"] = GsmModemChannel(it.modem, take_receipt, clock=clock)
        for channel in found.values():
            stack.push_async_callback(channel.aclose)
        yield found
