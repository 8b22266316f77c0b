from rest_framework.routers import SimpleRouter

from .api import BrandViewSet

router = SimpleRouter()
router.register("brands", BrandViewSet, basename="brand")

urlpatterns = router.urls
