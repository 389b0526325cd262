"""Events as people read them: a message for a chat, an e-mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from aneos_api.settings import EventSettings

MAILTO: Final = "mailto:"
SHOWN: Final = 12
"""Fields of an event that a message lists."""
LONGEST: Final = 300
MARKS: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
SMTP_PORTS: Final = {"smtp": 587, "smtps": 465}


class MailError(Exception):
    """The mail was not taken. ``final`` where trying again is of no use."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


def headline(kind: str, data: Mapping[str, Any]) -> str:
    """One line on an event."""
    title = data.get("title") or data.get("designation") or ""
    severity = data.get("severity")
    parts = [f"[{severity}]" if severity else "", str(title), f"({kind})" if title else kind]
    return _line(" ".join(part for part in parts if part))


def lines(data: Mapping[str, Any]) -> list[str]:
    """``name: value`` of the fields of an event, those that are given."""
    told = [
        (name, value) for name, value in data.items() if value is not None and value != "" and name != "title"
    ]
    return [_line(f"{name}: {value}") for name, value in told[:SHOWN]]


def slack(kind: str, timestamp: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The body that Slack's incoming webhooks take (Mattermost and others take the same)."""
    head = _escaped(headline(kind, data))
    text = "\n".join(_escaped(line) for line in lines(data)) or "–"
    return {
        "text": head,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*{head}*"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": text}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": f"aNEOS · {_escaped(timestamp)}"}]},
        ],
    }


def mail(
    settings: EventSettings, target: str, name: str, kind: str, when: datetime, data: Mapping[str, Any]
) -> EmailMessage:
    """The e-mail on an event to ``mailto:`` addresses; ``name`` identifies it, so that a second one can be known."""
    letter = EmailMessage()
    letter["From"] = settings.smtp_from
    letter["To"] = ", ".join(addresses(target))
    letter["Subject"] = headline(kind, data)
    letter["Date"] = format_datetime(when)
    letter["Message-ID"] = f"<{name}@aneos.invalid>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-aNEOS-Event"] = kind
    letter.set_content("\n".join([headline(kind, data), "", *lines(data), "", f"{kind}, {when.isoformat()}"]))
    return letter


def addresses(target: str) -> list[str]:
    """Those that a ``mailto:`` names."""
    return [part.strip() for part in unquote(target.removeprefix(MAILTO)).split(",") if part.strip()]


def send(letter: EmailMessage, settings: EventSettings) -> str:
    """Hand a letter to the mail server; blocks. What the server said. Raises :class:`MailError`."""
    if settings.smtp_url is None:
        raise MailError("no mail server is set: ANEOS_EVENTS__SMTP_URL", final=True)
    parts = urlsplit(settings.smtp_url.get_secret_value())
    port = parts.port or SMTP_PORTS.get(parts.scheme, 0)
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        raise MailError("ANEOS_EVENTS__SMTP_URL is no smtp:// or smtps:// address", final=True)
    secure = ssl.create_default_context()
    wait_s = settings.webhook_timeout_s
    own = socket.gethostname()  # else it asks name servers, which may not answer
    try:
        server = (
            smtplib.SMTP_SSL(parts.hostname, port, own, timeout=wait_s, context=secure)
            if parts.scheme == "smtps"
            else smtplib.SMTP(parts.hostname, port, own, timeout=wait_s)
        )
        with server:
            server.ehlo()
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=secure)
                server.ehlo()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            refused = server.send_message(letter)
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        final = all(500 <= code < 600 for code in codes)
        raise MailError(f"all addresses were refused ({_codes(codes)})", final=final) from error
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        final = 500 <= error.smtp_code < 600
        raise MailError(_line(f"the mail server said {error.smtp_code} {text}"), final=final) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(_line(f"{type(error).__name__}: {error}"), final=False) from error
    return f"refused for {', '.join(sorted(refused))}" if refused else "accepted"


def _codes(codes: set[int]) -> str:
    return ", ".join(str(code) for code in sorted(codes))


def _line(text: str) -> str:
    """On one line, printable, not too long: a name from elsewhere adds no header and no line."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _escaped(text: str) -> str:
    return "".join(MARKS.get(character, character) for character in text)
