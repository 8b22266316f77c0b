from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from . import panels, precedents, wording  # noqa: F401 - fill the review's slot and the audit's words
