from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        # Each registers what it has.
        from . import loops, messages, panels, precedents, receivers, wording  # noqa: F401
