from django.apps import AppConfig


class MarketingConfig(AppConfig):
    name = "marketing"

    def ready(self) -> None:
        # Each registers what it has.
        from . import entries, handing, loops, messages, panels  # noqa: F401
