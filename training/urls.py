from .urls_cases import urlpatterns as cases

app_name = "training"

urlpatterns = [*cases]
