"""The case library's addresses."""

from django.urls import path

from . import views_cases

urlpatterns = [
    path("cases/", views_cases.cases, name="cases"),
    path("cases/<slug:case>/", views_cases.case, name="case"),
]
