from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from . import loops_cases, precedents  # noqa: F401 - each registers what it has
