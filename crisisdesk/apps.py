from django.apps import AppConfig


class CrisisDeskConfig(AppConfig):
    name = "crisisdesk"

    def ready(self) -> None:
        from . import navigation, palette  # noqa: F401 - registers itself

        navigation.register()
