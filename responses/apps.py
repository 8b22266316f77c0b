from django.apps import AppConfig


class ResponsesConfig(AppConfig):
    name = "responses"

    def ready(self) -> None:
        # Each registers what it has.
        from . import (  # noqa: F401
            blocking,
            citing,
            entries,
            handing,
            live,
            loops,
            loops_engage,
            messages,
            messages_engage,
            pack,
            panels,
        )
        from .services.statement import press  # noqa: F401
