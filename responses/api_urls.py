from django.urls import path
from rest_framework.routers import SimpleRouter

from .api.assistant import (
    LanguageModelView,
    SuggestionDeedView,
    SuggestionsView,
    SuggestionView,
)
from .api.checks import (
    AvoidedWordsView,
    AvoidedWordView,
    ChecksView,
    ContradictionsView,
    PreviewsView,
)
from .api.comments import CommentsView, CommentView
from .api.drafts import DraftViewSet
from .api.plan import (
    CommunicationPlanReviewView,
    CommunicationPlanVersionsView,
    CommunicationPlanView,
)
from .api.policies import ApprovalPolicyViewSet
from .api.publications import PublicationViewSet
from .api.statement import (
    StatementDraftsView,
    StatementKeyView,
    StatementSitesView,
    StatementSiteView,
    StatementView,
    TermsView,
)
from .api.strategy import PosturesView, StrategyDecisionView, StrategyView
from .api.telling import EarlyView, TellingView
from .api.templates import TemplateApproveView, TemplatesView, TemplateUseView, TemplateView
from .api_urls_engage import urlpatterns as engage

router = SimpleRouter()
router.register("drafts", DraftViewSet, basename="draft")
router.register("approval-policies", ApprovalPolicyViewSet, basename="approval_policy")
router.register("publications", PublicationViewSet, basename="publication")

urlpatterns = [
    path("incidents/<str:reference>/previews/", PreviewsView.as_view(), name="previews"),
    path("incidents/<str:reference>/checks/", ChecksView.as_view(), name="checks"),
    path(
        "incidents/<str:reference>/contradictions/",
        ContradictionsView.as_view(),
        name="contradictions",
    ),
    path("incidents/<str:reference>/statement/", StatementView.as_view(), name="statement"),
    path(
        "incidents/<str:reference>/statement/drafts/",
        StatementDraftsView.as_view(),
        name="statement_drafts",
    ),
    path("drafts/<int:pk>/statement/", TermsView.as_view(), name="statement_terms"),
    path("statement-sites/", StatementSitesView.as_view(), name="statement_sites"),
    path("statement-sites/<slug:slug>/", StatementSiteView.as_view(), name="statement_site"),
    path("statement-sites/<slug:slug>/key/", StatementKeyView.as_view(), name="statement_key"),
    path("drafts/<int:pk>/suggestions/", SuggestionsView.as_view(), name="suggestions"),
    path("suggestions/<int:pk>/", SuggestionView.as_view(), name="suggestion"),
    *(
        path(
            f"suggestions/<int:pk>/{deed}/",
            SuggestionDeedView.as_view(deed=deed),
            name=f"suggestion_{deed}",
        )
        for deed in ("cancel", "accept", "dismiss")
    ),
    path("language-models/<slug:slug>/", LanguageModelView.as_view(), name="language_model"),
    path("incidents/<str:reference>/strategy/", StrategyView.as_view(), name="strategy"),
    path(
        "incidents/<str:reference>/strategy/decisions/",
        StrategyDecisionView.as_view(),
        name="strategy_decisions",
    ),
    path("incidents/<str:reference>/postures/", PosturesView.as_view(), name="postures"),
    path("avoided-words/", AvoidedWordsView.as_view(), name="avoided_words"),
    path("avoided-words/<int:pk>/", AvoidedWordView.as_view(), name="avoided_word"),
    path(
        "communication-plans/<slug:slug>/",
        CommunicationPlanView.as_view(),
        name="communication_plan",
    ),
    path(
        "communication-plans/<slug:slug>/versions/",
        CommunicationPlanVersionsView.as_view(),
        name="communication_plan_versions",
    ),
    path(
        "communication-plans/<slug:slug>/review/",
        CommunicationPlanReviewView.as_view(),
        name="communication_plan_review",
    ),
    path("incidents/<str:reference>/telling/", TellingView.as_view(), name="telling"),
    path("drafts/<int:pk>/comments/", CommentsView.as_view(), name="draft_comments"),
    path("drafts/<int:pk>/comments/<int:thread>/", CommentView.as_view(), name="draft_comment"),
    path("drafts/<int:pk>/early/", EarlyView.as_view(), name="early"),
    path("statement-templates/", TemplatesView.as_view(), name="statement_templates"),
    path("statement-templates/<int:pk>/", TemplateView.as_view(), name="statement_template"),
    path(
        "statement-templates/<int:pk>/approve/",
        TemplateApproveView.as_view(),
        name="statement_template_approve",
    ),
    path(
        "incidents/<str:reference>/templates/<int:pk>/",
        TemplateUseView.as_view(),
        name="template_use",
    ),
    *engage,
    *router.urls,
]
