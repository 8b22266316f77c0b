"""The API: /api/v1/ and its description at /api/schema/. Each room brings its own `api_urls`."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_page
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

v1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api_urls")),
    path("", include("notifications.api_urls")),
    path("", include("monitoring.api_urls")),
    path("", include("incidents.api_urls")),
    path("", include("responses.api_urls")),
    path("", include("marketing.api_urls")),
    path("", include("training.api_urls_cases")),
]


@extend_schema(exclude=True)
class Nothing(APIView):
    """An address that does not exist answers as the API does, not with a page."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound

    def get(self, request: Request, **kwargs: object) -> Response:
        raise NotFound


urlpatterns = [
    # The same for everyone until the program changes; making it takes a second.
    path("schema/", cache_page(600)(SpectacularAPIView.as_view()), name="schema"),
    path("v1/", include(v1)),
    path("<path:rest>", Nothing.as_view()),
]
