from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"

    def ready(self) -> None:
        from . import panels, wording  # noqa: F401 - each registers what it holds
