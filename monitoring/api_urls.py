from rest_framework.routers import SimpleRouter

from .api import DetectionViewSet, MentionViewSet, SourceViewSet

router = SimpleRouter()
router.register("sources", SourceViewSet, basename="source")
router.register("mentions", MentionViewSet, basename="mention")
router.register("detections", DetectionViewSet, basename="detection")

urlpatterns = router.urls
