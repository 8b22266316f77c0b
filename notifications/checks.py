"""What an operator should know about the ways out of the app."""

from typing import Any

from django.core.checks import CheckMessage, Info, register

from .channels.email import configured


@register("notifications")
def check_mail_server(**kwargs: Any) -> list[CheckMessage]:
    if configured():
        return []
    return [
        Info(
            "No mail server is set: pages reach people in the app only.",
            hint="Set EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.",
            id="notifications.I001",
        )
    ]
