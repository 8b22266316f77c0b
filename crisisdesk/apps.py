from django.apps import AppConfig


class CrisisDeskConfig(AppConfig):
    name = "crisisdesk"
