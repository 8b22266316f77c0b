"""The pages of this room."""

from django.urls import path

from .views import (
    approvals,
    assistant,
    checking,
    comments,
    drafts,
    guidelines,
    outside,
    panels,
    plan,
    policies,
    publications,
    reply,
    statement,
    strategy,
    subscription,
    writing,
)

app_name = "responses"
DRAFT = "i/<str:reference>/drafts/<int:number>/"

urlpatterns = [
    path("respond/", drafts.respond, name="respond"),
    path("mentions/reply/", reply.reply, name="reply"),
    path("i/<str:reference>/drafts/new/", drafts.new, name="new"),
    path("i/<str:reference>/drafts/preview/", drafts.preview_new, name="preview_new"),
    path("i/<str:reference>/drafts/panel/", panels.drafts, name="panel"),
    path("i/<str:reference>/drafts/published/", panels.published, name="published"),
    path(DRAFT, drafts.draft, name="draft"),
    path(DRAFT + "comments/", comments.add, name="comment"),
    path(DRAFT + "comments/<int:thread>/resolve/", comments.resolve, name="resolve_comment"),
    path(DRAFT + "keep/", writing.keep, name="keep"),
    path(DRAFT + "discard/", writing.discard, name="discard"),
    path(DRAFT + "preview/", drafts.preview, name="preview"),
    path(DRAFT + "contradictions/", checking.contradictions, name="contradictions"),
    path(DRAFT + "assistant/", assistant.panel, name="assistant"),
    path(DRAFT + "assistant/ask/", assistant.ask, name="assistant_ask"),
    path("suggestions/<int:pk>/", assistant.act_on, name="suggestion"),
    path("settings/language-models/", assistant.settings, name="language_models"),
    path(DRAFT + "appearance/", statement.appearance, name="appearance"),
    path(DRAFT + "posture/", strategy.posture, name="posture"),
    path("i/<str:reference>/strategy/", strategy.strategy, name="strategy"),
    path("i/<str:reference>/strategy/panel/", strategy.panel, name="strategy_panel"),
    path("i/<str:reference>/strategy/review/", strategy.review, name="strategy_review"),
    path(DRAFT + "check/", checking.check, name="check"),
    path(DRAFT + "submit/", drafts.submit, name="submit"),
    path(DRAFT + "drop/", drafts.drop, name="drop"),
    path(DRAFT + "approve/", approvals.approve, name="approve"),
    path(DRAFT + "changes/", approvals.ask_changes, name="ask_changes"),
    path(DRAFT + "undo/", approvals.undo, name="undo"),
    path(
        "statements/<slug:site>/<slug:slug>/subscribe/",
        subscription.subscribe,
        name="statement_subscribe",
    ),
    path("statements/confirm/<str:consent>/", subscription.confirm, name="statement_confirm"),
    path("statements/leave/<str:farewell>/", subscription.leave, name="statement_leave"),
    path("statements/<slug:site>/style.css", statement.style, name="statement_style"),
    path("settings/statements/", statement.sites, name="statement_sites"),
    path("i/<str:reference>/statement/", statement.statement, name="statement"),
    path("i/<str:reference>/statement/panel/", statement.panel, name="statement_panel"),
    path("i/<str:reference>/statement/preview/", statement.preview, name="statement_preview"),
    path("settings/words/", guidelines.words, name="guidelines"),
    path("settings/words/<slug:slug>/", guidelines.words, name="guidelines_of"),
    path(
        "settings/words/<slug:slug>/<int:word>/remove/", guidelines.remove, name="guideline_remove"
    ),
    path("settings/communication/", plan.plan, name="communication_plan"),
    path("settings/communication/<slug:slug>/", plan.plan, name="communication_plan_of"),
    path(
        "settings/communication/<slug:slug>/history/",
        plan.history,
        name="communication_plan_history",
    ),
    path(
        "settings/communication/<slug:slug>/history/<int:number>/restore/",
        plan.restore,
        name="communication_plan_restore",
    ),
    path(
        "settings/communication/<slug:slug>/review/", plan.review, name="communication_plan_review"
    ),
    path(
        "settings/communication/<slug:slug>/maps/<slug:key>/",
        plan.message_map,
        name="communication_plan_map",
    ),
    path(
        "settings/communication/<slug:slug>/maps/<slug:key>/remove/",
        plan.map_remove,
        name="communication_plan_map_remove",
    ),
    path(DRAFT + "risks/", drafts.risks, name="risks"),
    path(DRAFT + "glass/", approvals.break_glass, name="break_glass"),
    path(DRAFT + "glass/join/", approvals.join_glass, name="join_glass"),
    path(DRAFT + "outside/", approvals.ask_outside, name="ask_outside"),
    path("approvals/links/<int:pk>/revoke/", approvals.revoke_link, name="revoke_link"),
    path("approve/<str:link>/", outside.answer, name="outside"),
    path("settings/approvals/", policies.policies, name="approval_policies"),
    path("settings/approvals/new/<slug:slug>/", policies.policy_new, name="approval_policy_new"),
    path("settings/approvals/<int:pk>/", policies.policy, name="approval_policy"),
    path(
        "settings/approvals/<int:pk>/delete/", policies.policy_delete, name="approval_policy_delete"
    ),
    path("settings/approvals/<int:pk>/move/", policies.policy_move, name="approval_policy_move"),
    path("approvals/", approvals.inbox, name="approvals"),
    path("approvals/<str:reference>/<int:number>/", approvals.approval, name="approval"),
    path("publications/<int:pk>/edit/", publications.edit, name="amend"),
    path("publications/<int:pk>/remove/", publications.remove, name="take_down"),
    path("publications/<int:pk>/correct/", publications.correct, name="correct"),
    path("publications/<int:pk>/settle/", publications.settle, name="settle"),
    path("publications/<int:pk>/retry/", publications.retry, name="retry"),
    path("publications/<int:pk>/withdraw/", publications.withdraw, name="withdraw"),
]
