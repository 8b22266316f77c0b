from django.urls import path

from .api import concerns, conversations
from .api import engage_settings as brand

OF = "incidents/<str:reference>/"
ONE = OF + "conversations/<int:pk>/"
CONCERN = OF + "concerns/<int:number>/"
LIBRARY = "brands/<slug:slug>/canned-answers/"

urlpatterns = [
    path(OF + "conversations/", conversations.Inbox.as_view(), name="conversations"),
    path(ONE, conversations.OneConversation.as_view(), name="conversation"),
    path(ONE + "claim/", conversations.ClaimConversation.as_view(), name="conversation_claim"),
    path(ONE + "answers/", conversations.SendAnswer.as_view(), name="conversation_answers"),
    path(
        ONE + "answers/<int:answer>/settle/",
        conversations.SettleAnswer.as_view(),
        name="conversation_settle",
    ),
    path(OF + "concerns/", concerns.Concerns.as_view(), name="concerns"),
    path(CONCERN, concerns.OneConcern.as_view(), name="concern"),
    path(CONCERN + "text/", concerns.ConcernText.as_view(), name="concern_text"),
    path(CONCERN + "runs/", concerns.ConcernRuns.as_view(), name="concern_runs"),
    path(OF + "answer-runs/<int:run>/halt/", concerns.HaltRun.as_view(), name="run_halt"),
    path("brands/<slug:slug>/answer-times/", brand.AnswerSettings.as_view(), name="answer_times"),
    path(LIBRARY, brand.Library.as_view(), name="canned_answers"),
    path(LIBRARY + "<int:pk>/", brand.OneCanned.as_view(), name="canned_answer"),
    path(LIBRARY + "<int:pk>/approve/", brand.ApproveCanned.as_view(), name="canned_approve"),
]
