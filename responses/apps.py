from django.apps import AppConfig


class ResponsesConfig(AppConfig):
    name = "responses"

    def ready(self) -> None:
        # Each registers what it has.
        from . import blocking, citing, entries, handing, loops, messages, pack, panels  # noqa: F401
        from .services.statement import press  # noqa: F401
