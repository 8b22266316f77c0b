from django.urls import path

from . import views

app_name = "training"

urlpatterns = [
    path("cases/", views.cases, name="cases"),
]
