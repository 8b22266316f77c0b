from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import PauseViewSet, ScheduledPostViewSet
from .api_feeds import FeedViewSet, ImportsView

router = SimpleRouter()
router.register("marketing/posts", ScheduledPostViewSet, basename="scheduled-post")
router.register("marketing/pauses", PauseViewSet, basename="pause")
router.register("marketing/feeds", FeedViewSet, basename="marketing-feed")

urlpatterns = [path("marketing/imports/", ImportsView.as_view()), *router.urls]
