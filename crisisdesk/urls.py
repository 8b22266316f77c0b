"""Where everything is."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from . import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.overview, name="overview"),
    path("api/", include("crisisdesk.api_urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("kit/", views.kit, name="kit"))
