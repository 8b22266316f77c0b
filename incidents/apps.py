from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from . import linking, live, loops, messages, panels, receivers  # noqa: F401 - each registers what it holds
