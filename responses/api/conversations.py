"""The inbox of an incident over the API: conversations and their answers."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import User
from accounts.rules import require
from core.api.checked import checked
from core.clock import database_now
from core.errors import Refused
from incidents.api_record import Emailed, find
from incidents.models import Incident
from incidents.selectors import insiders
from monitoring.enums import Sentiment
from responses import problems
from responses import selectors_engage as selectors
from responses.enums import PublicationState
from responses.enums_engage import CameBy, ConversationState
from responses.enums_plan import Audience
from responses.models import Version
from responses.models_engage import Answer, Concern, Conversation
from responses.offers import offers
from responses.plan import order
from responses.services.engage import answering, concerns, outcome, working

WAITS_FOR = serializers.ListField(child=serializers.ChoiceField(Audience.choices))


class ConversationOutput(serializers.ModelSerializer):
    """A conversation: the person's latest message, whose it is, and when our reply is due."""

    assignee = Emailed()
    claimed_by = Emailed()
    concern = serializers.IntegerField(source="concern.number", default=None, read_only=True)
    came_by = serializers.ChoiceField(CameBy.choices, read_only=True)
    state = serializers.ChoiceField(ConversationState.choices, read_only=True)
    author = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()

    class Meta:
        model = Conversation
        fields = (
            *("id", "state", "reason", "came_by", "network", "lang", "sentiment", "author", "text"),
            *("mention_id", "messages_count", "first_at", "last_at", "assignee", "claimed_by"),
            *("claimed_until", "due_at", "late_at", "first_reply_at", "last_reply_at", "concern"),
            "version",
        )
        read_only_fields = fields

    def get_author(self, row: Conversation) -> str:
        return str(self.context["mentions"][row.mention_id].author)

    def get_text(self, row: Conversation) -> str:
        return str(self.context["mentions"][row.mention_id].text)


class InboxFilters(serializers.Serializer):
    """Which conversations; `after` is the id that the page before ended with (`next`)."""

    state = serializers.ChoiceField(ConversationState.choices, default=ConversationState.OPEN.value)
    view = serializers.ChoiceField(["mine", "free", "late"], required=False)
    network = serializers.CharField(max_length=40, required=False)
    language = serializers.CharField(max_length=8, required=False)
    sentiment = serializers.ChoiceField(Sentiment.choices, required=False)
    after = serializers.IntegerField(min_value=1, max_value=10**18, required=False)


class InboxFigures(serializers.Serializer):
    """How many wanted an answer and got one; `median` is seconds to the first reply, or null."""

    total = serializers.IntegerField()
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    solved = serializers.IntegerField()
    ignored = serializers.IntegerField()
    late = serializers.IntegerField()


class InboxOutput(serializers.Serializer):
    """A page of an inbox. `next` is null on the last one."""

    results = ConversationOutput(many=True)
    next = serializers.IntegerField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    figures = InboxFigures()


class InboxChange(serializers.Serializer):
    """What is done with many: "assign" (`to`, an e-mail address, or null for nobody), "move" (to a
    `state`; IGNORED needs a `reason`) or "group" (under the concern with that number, or null)."""

    do = serializers.ChoiceField(["assign", "move", "group"])
    conversations = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=working.MOST
    )
    to = serializers.EmailField(required=False, allow_null=True)
    state = serializers.ChoiceField(ConversationState.choices, required=False)
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)
    concern = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    version = serializers.IntegerField(min_value=1, required=False)


class InboxChanged(serializers.Serializer):
    """How many were changed, and how many left because they were so already or are in hand."""

    done = serializers.IntegerField()
    left = serializers.IntegerField()


def find_to(request: Request, reference: str, permission: Permission) -> Incident:
    incident = find(request, reference)
    require(caller(request), permission, incident.brand_id)
    return incident


def person_of(incident: Incident, email: str | None) -> User | None:
    if not email:
        return None
    found: User | None = insiders(incident).filter(email__iexact=email).first()
    if found is None:
        raise Refused(_("There is no such person here."))
    return found


def concern_of(incident: Incident, number: int | None) -> Concern | None:
    if number is None:
        return None
    found = Concern.objects.filter(incident=incident, number=number).first()
    if found is None:
        raise Http404
    return found


class Inbox(APIView):
    """The public conversations of an incident."""

    @extend_schema(
        parameters=[InboxFilters], responses=InboxOutput, summary="Read the inbox of an incident"
    )
    def get(self, request: Request, reference: str) -> Response:
        incident, user = find(request, reference), caller(request)
        wanted = selectors.Wanted(**checked(InboxFilters, request.query_params))
        page = selectors.page(incident, wanted, user=user)
        mentions = {row.mention.pk: row.mention for row in page.rows}
        rows = [row.conversation for row in page.rows]
        shown = ConversationOutput(rows, many=True, context={"mentions": mentions})
        return Response(
            {
                "results": shown.data,
                "next": page.more,
                "counts": selectors.counts(incident, user=user),
                "figures": InboxFigures(selectors.figures(incident)).data,
            }
        )

    @extend_schema(
        request=InboxChange,
        responses=InboxChanged,
        summary="Assign, solve, leave alone, take up again or group conversations",
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find_to(request, reference, Permission.DRAFT)
        done = _change(incident, checked(InboxChange, request.data), caller(request))
        return Response(InboxChanged(done).data)


def _change(incident: Incident, wanted: dict[str, Any], by: User) -> working.Outcome:
    now, ids = database_now(), wanted["conversations"]
    if wanted["do"] == "assign":
        to = person_of(incident, wanted.get("to"))
        return working.assign(incident.pk, ids, to, by=by, now=now)
    if wanted["do"] == "group":
        under = concern_of(incident, wanted.get("concern"))
        moved = concerns.group(incident.pk, under.pk if under else None, ids, by=by, now=now)
        return working.Outcome(moved, len(ids) - moved)
    if "state" not in wanted:
        raise serializers.ValidationError({"state": _("Choose what to do.")})
    to_state = ConversationState(wanted["state"])
    move = working.Move(to_state, wanted["reason"], wanted.get("version"))
    return working.move(incident.pk, ids, move, by=by, now=now)


class SentAnswerOutput(serializers.ModelSerializer):
    """An approved answer on its way to one person. `sha256` is of the text that goes out.

    `waits_for` come before the public and have not been told: note that they are, or say why it
    cannot wait (`POST /api/v1/drafts/<draft_id>/early/`).
    """

    account = serializers.CharField(source="account.name", read_only=True)
    state = serializers.ChoiceField(PublicationState.choices, read_only=True)
    by = Emailed()
    problem = serializers.SerializerMethodField()
    draft_id = serializers.IntegerField(source="version.draft_id", read_only=True)
    waits_for = serializers.SerializerMethodField()

    class Meta:
        model = Answer
        fields = (
            *("id", "conversation_id", "version_id", "draft_id", "run_id", "account", "text"),
            *("sha256", "waits_for", "state", "publish_at", "sent_at", "external_id", "url", "by"),
            "problem",
        )
        read_only_fields = fields

    def get_problem(self, row: Answer) -> str:
        return problems.words(row.error) if row.error else ""

    @extend_schema_field(WAITS_FOR)
    def get_waits_for(self, row: Answer) -> list[Audience]:
        if row.state != PublicationState.QUEUED:
            return []
        draft = row.version.draft
        return order.waits(row.conversation.incident, [draft]).get(draft.pk, [])


class AnswerOfferOutput(serializers.Serializer):
    """An approved answer as it would go to this person: send it by `version` and `sha256`."""

    version = serializers.IntegerField(source="version.pk")
    title = serializers.CharField(source="version.draft.title")
    text = serializers.CharField()
    sha256 = serializers.CharField()
    account = serializers.CharField()


class SaidOutput(serializers.Serializer):
    """One message of the person's."""

    mention = serializers.IntegerField(source="pk")
    author = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()
    published_at = serializers.DateTimeField()


class OneConversationOutput(serializers.Serializer):
    """A conversation with all that was said, by them and by us."""

    conversation = ConversationOutput()
    said = SaidOutput(many=True)
    answers = SentAnswerOutput(many=True)
    offers = AnswerOfferOutput(many=True)


def _find_conversation(request: Request, reference: str, pk: int) -> Conversation:
    try:
        return selectors.get_conversation(caller(request), reference, pk)
    except Conversation.DoesNotExist:
        raise Http404 from None


def _one(found: Conversation) -> dict[str, Any]:
    said = selectors.messages(found)
    if not said:
        raise Http404
    context = {"mentions": {found.mention_id: said[-1]}}
    answers = Answer.objects.filter(conversation=found).select_related(
        "account", "by", "version__draft__incident", "conversation__incident"
    )
    return {
        "conversation": ConversationOutput(found, context=context).data,
        "said": SaidOutput(said, many=True).data,
        "answers": SentAnswerOutput(answers, many=True).data,
        "offers": AnswerOfferOutput(offers(found, said[-1]), many=True).data,
    }


class OneConversation(APIView):
    """One conversation."""

    @extend_schema(
        operation_id="incidents_conversation_retrieve",
        responses=OneConversationOutput,
        summary="Read a conversation",
    )
    def get(self, request: Request, reference: str, pk: int) -> Response:
        return Response(_one(_find_conversation(request, reference, pk)))


class ClaimConversation(APIView):
    """Who is answering a conversation right now."""

    @extend_schema(
        request=None,
        responses=OneConversationOutput,
        summary="Have a conversation to yourself for ten minutes; 409 while another has it",
    )
    def post(self, request: Request, reference: str, pk: int) -> Response:
        found = _find_conversation(request, reference, pk)
        working.claim(found.pk, by=caller(request), now=database_now())
        return Response(_one(_find_conversation(request, reference, pk)))

    @extend_schema(responses={204: None}, summary="Let others answer a conversation")
    def delete(self, request: Request, reference: str, pk: int) -> Response:
        found = _find_conversation(request, reference, pk)
        working.release(found.pk, by=caller(request), now=database_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SendAnswerInput(serializers.Serializer):
    """An offer of the conversation: its version, and the digest of the text that you read."""

    version = serializers.IntegerField(min_value=1)
    sha256 = serializers.RegexField("^[0-9a-fA-F]{64}$")


class SendAnswer(APIView):
    """Approved answers to one person."""

    @extend_schema(
        request=SendAnswerInput,
        responses={201: SentAnswerOutput},
        summary="Send an approved answer to one person",
    )
    def post(self, request: Request, reference: str, pk: int) -> Response:
        found = _find_conversation(request, reference, pk)
        wanted = checked(SendAnswerInput, request.data)
        try:
            made = answering.send_answer(
                found.pk, wanted["version"], digest=wanted["sha256"], by=caller(request),
                now=database_now(),
            )  # fmt: skip
        except Version.DoesNotExist:
            raise Http404 from None
        return Response(SentAnswerOutput(made).data, status.HTTP_201_CREATED)


class SettleAnswerInput(serializers.Serializer):
    """What became of an answer of which nobody knew; "cancelled" calls back what has not left."""

    became = serializers.ChoiceField(["sent", "failed", "cancelled"])


class SettleAnswer(APIView):
    """One answer."""

    @extend_schema(
        request=SettleAnswerInput,
        responses=SentAnswerOutput,
        summary="Settle or call back an answer",
    )
    def post(self, request: Request, reference: str, pk: int, answer: int) -> Response:
        found = _find_conversation(request, reference, pk)
        row = Answer.objects.filter(conversation=found, pk=answer).first()
        if row is None:
            raise Http404
        what, by, now = checked(SettleAnswerInput, request.data), caller(request), database_now()
        if what["became"] == "cancelled":
            return Response(SentAnswerOutput(outcome.cancel_answer(row.pk, by=by, now=now)).data)
        settled = outcome.settle_answer(row.pk, what["became"], by=by, now=now)
        return Response(SentAnswerOutput(settled).data)


# The concern board
