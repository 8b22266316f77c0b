from rest_framework.routers import SimpleRouter

from .api import PauseViewSet, ScheduledPostViewSet

router = SimpleRouter()
router.register("marketing/posts", ScheduledPostViewSet, basename="scheduled-post")
router.register("marketing/pauses", PauseViewSet, basename="pause")

urlpatterns = router.urls
