from django.urls import path

from . import api_engage as inbox
from . import api_engage_brand as brand

OF = "incidents/<str:reference>/"
ONE = OF + "conversations/<int:pk>/"
CONCERN = OF + "concerns/<int:number>/"
LIBRARY = "brands/<slug:slug>/canned-answers/"

urlpatterns = [
    path(OF + "conversations/", inbox.Inbox.as_view(), name="conversations"),
    path(ONE, inbox.OneConversation.as_view(), name="conversation"),
    path(ONE + "claim/", inbox.ClaimConversation.as_view(), name="conversation_claim"),
    path(ONE + "answers/", inbox.SendAnswer.as_view(), name="conversation_answers"),
    path(
        ONE + "answers/<int:answer>/settle/",
        inbox.SettleAnswer.as_view(),
        name="conversation_settle",
    ),
    path(OF + "concerns/", inbox.Concerns.as_view(), name="concerns"),
    path(CONCERN, inbox.OneConcern.as_view(), name="concern"),
    path(CONCERN + "text/", inbox.ConcernText.as_view(), name="concern_text"),
    path(CONCERN + "runs/", inbox.ConcernRuns.as_view(), name="concern_runs"),
    path(OF + "answer-runs/<int:run>/halt/", inbox.HaltRun.as_view(), name="run_halt"),
    path("brands/<slug:slug>/answer-times/", brand.AnswerSettings.as_view(), name="answer_times"),
    path(LIBRARY, brand.Library.as_view(), name="canned_answers"),
    path(LIBRARY + "<int:pk>/", brand.OneCanned.as_view(), name="canned_answer"),
    path(LIBRARY + "<int:pk>/approve/", brand.ApproveCanned.as_view(), name="canned_approve"),
]
