from django.urls import path

from .api_cases import CasesView, CaseView

urlpatterns = [
    path("cases/", CasesView.as_view()),
    path("cases/<slug:slug>/", CaseView.as_view()),
]
