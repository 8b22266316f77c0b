from django.apps import AppConfig


class CrisisDeskConfig(AppConfig):
    name = "crisisdesk"

    def ready(self) -> None:
        from . import clock, navigation, palette, replies  # noqa: F401 - each registers itself

        navigation.register()
