from django.apps import AppConfig


class CrisisDeskConfig(AppConfig):
    name = "crisisdesk"

    def ready(self) -> None:
        # Each registers itself.
        from . import clock, navigation, palette, replies, restored  # noqa: F401

        navigation.register()
