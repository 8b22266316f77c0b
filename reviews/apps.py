from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from . import panels, precedents, wording  # noqa: F401 - fill the review's slot and the audit's words
