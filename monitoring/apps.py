from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from . import loops, messages, panels, wording  # noqa: F401 - each registers what it holds
