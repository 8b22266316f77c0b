from django.urls import URLPattern, URLResolver

app_name = "drills"

urlpatterns: list[URLPattern | URLResolver] = []
