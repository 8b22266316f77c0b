"""Where everything is."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from . import health, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.overview, name="overview"),
    path("navigation/", views.navigation, name="navigation"),
    path("alarm/", views.alarm, name="alarm"),
    path("search/", views.search, name="search"),
    path("", include("monitoring.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("", include("incidents.urls")),
    path("", include("responses.urls")),
    path("", include("marketing.urls")),
    path("", include("reviews.urls")),
    path("", include("training.urls")),
    path("", include("drills.urls")),
    path("api/", include("crisisdesk.api_urls")),
    path("", include("accounts.urls")),
    path("", include("connectors.urls")),
    path("", include("notifications.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("kit/", views.kit, name="kit"))
