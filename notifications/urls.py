from django.urls import path

from .views import answer, inbox

app_name = "notifications"

urlpatterns = [
    path("notices/", inbox.inbox, name="inbox"),
    path("notices/bell/", inbox.bell, name="bell"),
    path("notices/read/", inbox.read_all, name="read_all"),
    path("notices/<int:pk>/read/", inbox.read, name="read"),
    path("answer/<str:token>/", answer.answer, name="answer"),
]
