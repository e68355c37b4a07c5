"""Telling by mail: all that waits in one."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from recorder.alarms.board import Event
from recorder.settings.models import Tell
from recorder.telling import message, secret
from recorder.telling.channel import TIMEOUT_S, NotSent, address, trust


class Mail:
    """See `recorder.telling.channel.Channel`."""

    name = "mail"
    at_once = 50

    def __init__(self, settings: Tell, host: str) -> None:
        self._settings, self._host = settings, host

    def send(self, events: Sequence[Event]) -> None:
        of = self._settings
        mail = EmailMessage()
        mail["Subject"] = message.subject(events, of.language)
        mail["From"] = of.mail_from
        mail["To"] = ", ".join(of.mail_to)
        mail["Date"] = formatdate(localtime=True)
        mail["Message-ID"] = make_msgid(domain=of.mail_from.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office answers it
        mail.set_content(f"{self._host}\n\n{message.body(events, of.language)}")
        host, port = address(of.mail_server)
        try:
            with self._connect(host, port) as server:
                if of.mail_security == "starttls":
                    server.starttls(context=trust(of.ca_file))
                if of.mail_user:
                    server.login(of.mail_user, secret.read(of.mail_password_file))
                refused = server.send_message(mail)
        except smtplib.SMTPAuthenticationError as problem:
            raise NotSent(f"{host} doesn't let {of.mail_user} in ({problem.smtp_code})") from None
        except smtplib.SMTPResponseException as problem:
            raise NotSent(f"{host} answered {problem.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as problem:
            raise NotSent(f"{host}: {type(problem).__name__}: {problem}") from None
        if refused:
            raise NotSent(f"{host} refused {', '.join(refused)}")

    def _connect(self, host: str, port: int) -> smtplib.SMTP:
        if self._settings.mail_security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=trust(self._settings.ca_file))
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)
