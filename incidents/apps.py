from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from . import (  # noqa: F401 - each registers what it holds
            answering,
            blocking_record,
            effects,
            entries_record,
            linking,
            live,
            loops,
            loops_packs,
            loops_record,
            loops_rota,
            messages,
            messages_record,
            messages_rota,
            on_duty,
            onsets,
            panels,
            receivers,
            veiling,
        )
