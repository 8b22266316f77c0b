from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import checks, live, pages, schema  # noqa: F401 - each registers itself

        pages.register()
