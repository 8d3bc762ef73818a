"""E-mail by SMTP (RFC 5321), in a thread: smtplib blocks. One connection a message."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr

from exporters.oncall.channels.answers import refused, retry, words
from exporters.oncall.contracts import Message, Outcome, Result


@dataclass(frozen=True, slots=True)
class EmailConfiguration:
    """`security`: starttls, tls or none. `ca_file`: of a mail server with an authority of its own."""

    host: str
    sender: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    per_minute: int = 30
    timeout_seconds: float = 20.0


class EmailChannel:
    name = "email"
    needs_internet = True

    def __init__(self, configuration: EmailConfiguration) -> None:
        self._configuration = configuration
        self.per_minute = configuration.per_minute
        self._domain = parseaddr(configuration.sender)[1].rpartition("@")[2] or "localhost"

    async def send(self, message: Message) -> Outcome:
        try:
            letter = self._letter(message)
        except (ValueError, MessageError):
            return refused("not a mail address")
        # Bounded by the socket's timeout; a cancelled wait leaves the thread to end by itself.
        return await asyncio.to_thread(self._deliver, letter)

    async def aclose(self) -> None:
        return None

    def _letter(self, message: Message) -> EmailMessage:
        address = parseaddr(message.to)[1]
        if address != message.to.strip() or "@" not in address or any(not one.isprintable() for one in address):
            raise ValueError(message.to)
        letter = EmailMessage(policy=SMTP)
        letter["From"] = self._configuration.sender
        letter["To"] = address
        letter["Subject"] = words(message.subject) or "Thông Suốt"
        letter["Date"] = formatdate(localtime=False)
        # The same notice is the same letter: a mailbox that got it twice can tell.
        letter["Message-ID"] = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@{self._domain}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
        letter.set_content(message.text)
        return letter

    def _deliver(self, letter: EmailMessage) -> Outcome:
        try:
            with self._connection() as server:
                server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()), (0, b""))
            return _by_code(code, said)
        except smtplib.SMTPAuthenticationError as error:
            return retry(f"the mail server refuses user or password: {error.smtp_code}")
        except smtplib.SMTPNotSupportedError as error:
            return retry(f"the mail server lacks what is configured: {error}")
        except smtplib.SMTPSenderRefused as error:
            return retry(f"the mail server refuses the sender: {error.smtp_code} {_text(error.smtp_error)}")
        except (smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            return retry(f"the mail server takes no letters now: {error.smtp_code} {_text(error.smtp_error)}")
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code, error.smtp_error)
        except ssl.SSLError as error:
            return retry(f"TLS: {error.reason or type(error).__name__}")
        except (smtplib.SMTPException, OSError, UnicodeError, ValueError) as error:
            return retry(f"{type(error).__name__}: {error}")
        return Outcome(Result.SENT, receipt=letter["Message-ID"])

    def _connection(self) -> smtplib.SMTP:
        it = self._configuration
        name = socket.gethostname()
        context = ssl.create_default_context(cafile=it.ca_file or None) if it.security != "none" else None
        server: smtplib.SMTP
        if it.security == "tls":
            server = smtplib.SMTP_SSL(it.host, it.port, name, timeout=it.timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(it.host, it.port, name, timeout=it.timeout_seconds)
        try:
            if it.security == "starttls":
                server.starttls(context=context)
            if it.user:
                server.login(it.user, it.password)
        except BaseException:
            server.close()
            raise
        return server


def _by_code(code: int, said: bytes | str) -> Outcome:
    """x5z tells of the mailbox or the letter (RFC 5321, 4.2.1); 500–504 of the talk itself."""
    detail = f"{code} {_text(said)}"
    return refused(detail) if 550 <= code < 560 else retry(detail)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
