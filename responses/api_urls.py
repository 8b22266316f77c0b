from rest_framework.routers import SimpleRouter

from .api import DraftViewSet, PublicationViewSet

router = SimpleRouter()
router.register("drafts", DraftViewSet, basename="draft")
router.register("publications", PublicationViewSet, basename="publication")

urlpatterns = router.urls
