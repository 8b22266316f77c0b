from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
<<<<<<< HEAD
        from . import wording  # noqa: F401 - registers itself
=======
        from . import loops  # noqa: F401 - the engine's cycles register themselves
>>>>>>> 883b23d (wip)
