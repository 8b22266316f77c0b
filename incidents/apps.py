from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from . import (  # noqa: F401 - each registers what it holds
            linking,
            live,
            loops,
            messages,
            onsets,
            panels,
            receivers,
        )
