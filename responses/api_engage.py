"""The inbox of an incident and its concern board over the API."""

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

from . import board, problems
from . import selectors_engage as selectors
from .enums import PublicationState
from .enums_engage import CameBy, ConversationState, RunKind
from .enums_plan import Audience
from .models import Version
from .models_engage import Answer, AnswerRun, Concern, Conversation
from .offers import offers
from .plan import order
from .services.engage import answering, concerns, outcome, working
from .services.engage.halting import halt
from .services.engage.runs import start_run

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


def _find_to(request: Request, reference: str, permission: Permission) -> Incident:
    incident = find(request, reference)
    require(caller(request), permission, incident.brand_id)
    return incident


def _person(incident: Incident, email: str | None) -> User | None:
    if not email:
        return None
    found: User | None = insiders(incident).filter(email__iexact=email).first()
    if found is None:
        raise Refused(_("There is no such person here."))
    return found


def _concern(incident: Incident, number: int | None) -> Concern | None:
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
        incident = _find_to(request, reference, Permission.DRAFT)
        done = _change(incident, checked(InboxChange, request.data), caller(request))
        return Response(InboxChanged(done).data)


def _change(incident: Incident, wanted: dict[str, Any], by: User) -> working.Outcome:
    now, ids = database_now(), wanted["conversations"]
    if wanted["do"] == "assign":
        to = _person(incident, wanted.get("to"))
        return working.assign(incident.pk, ids, to, by=by, now=now)
    if wanted["do"] == "group":
        under = _concern(incident, wanted.get("concern"))
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


class RunOutput(serializers.Serializer):
    """One answer to many: how far it has come, and whether it was halted."""

    id = serializers.IntegerField(source="run.pk")
    kind = serializers.ChoiceField(RunKind.choices, source="run.kind")
    started_at = serializers.DateTimeField(source="run.started_at")
    halted_at = serializers.DateTimeField(source="run.halted_at", allow_null=True)
    total = serializers.IntegerField()
    sent = serializers.IntegerField()
    left = serializers.IntegerField()
    failed = serializers.IntegerField()
    unsure = serializers.IntegerField()


class ConcernTextOutput(serializers.Serializer):
    """A concern's text: its draft's number, whether it is approved, to how many it would go, and
    who has to be told before it leaves (or why not: `POST /api/v1/drafts/<draft_id>/early/`)."""

    draft = serializers.IntegerField(source="draft.number")
    draft_id = serializers.IntegerField(source="draft.pk")
    text = serializers.CharField(source="version.text")
    sha256 = serializers.CharField(source="version.sha256")
    ready = serializers.BooleanField()
    to = serializers.IntegerField()
    waits_for = WAITS_FOR


class ConcernOutput(serializers.Serializer):
    """A question: who sees to it, how many ask it, how many have their answer."""

    number = serializers.IntegerField(source="concern.number")
    question = serializers.CharField(source="concern.question")
    owner = Emailed(source="concern.owner")
    version = serializers.IntegerField(source="concern.version")
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    share = serializers.FloatField()
    answer = ConcernTextOutput(allow_null=True)
    fix = ConcernTextOutput(allow_null=True)
    runs = RunOutput(many=True)
    alike = serializers.ListField(child=serializers.IntegerField())


class ConcernInput(serializers.Serializer):
    """A question, who sees to it (an e-mail address), and the conversations that ask it."""

    question = serializers.CharField(max_length=300)
    owner = serializers.EmailField(required=False, allow_null=True)
    conversations = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=working.MOST, default=list
    )


class ConcernChange(serializers.Serializer):
    """Other words, or another owner. `version` is the one that you read: 409 if it is not."""

    question = serializers.CharField(max_length=300)
    owner = serializers.EmailField(required=False, allow_null=True)
    version = serializers.IntegerField(min_value=1)


def _card(incident: Incident, pk: int) -> dict[str, Any]:
    shown = next(each for each in board.cards(incident) if each.concern.pk == pk)
    return dict(ConcernOutput(shown).data)


class Concerns(APIView):
    """The concern board."""

    @extend_schema(responses=ConcernOutput(many=True), summary="Read the concern board")
    def get(self, request: Request, reference: str) -> Response:
        return Response(ConcernOutput(board.cards(find(request, reference)), many=True).data)

    @extend_schema(
        request=ConcernInput, responses={201: ConcernOutput}, summary="Put a question on the board"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = _find_to(request, reference, Permission.DRAFT)
        wanted = checked(ConcernInput, request.data)
        wanted["owner"] = _person(incident, wanted.get("owner"))
        made = concerns.add_concern(
            incident.pk, wanted.pop("question"), **wanted, by=caller(request), now=database_now()
        )
        return Response(_card(incident, made.pk), status.HTTP_201_CREATED)


def _find_concern(request: Request, reference: str, number: int) -> Concern:
    found = _concern(_find_to(request, reference, Permission.DRAFT), number)
    if found is None:
        raise Http404
    return found


class OneConcern(APIView):
    """One question of the board."""

    @extend_schema(request=ConcernChange, responses=ConcernOutput, summary="Change a question")
    def patch(self, request: Request, reference: str, number: int) -> Response:
        found = _find_concern(request, reference, number)
        wanted = checked(ConcernChange, request.data)
        concerns.change_concern(
            found.pk,
            question=wanted["question"],
            owner=_person(found.incident, wanted.get("owner")),
            seen=wanted["version"],
            by=caller(request),
            now=database_now(),
        )
        return Response(_card(found.incident, found.pk))


class ConcernTextInput(serializers.Serializer):
    """A text with {name} where it names whom it goes to. It becomes a draft, to be approved."""

    kind = serializers.ChoiceField(RunKind.choices)
    text = serializers.CharField(max_length=10_000, trim_whitespace=False)


class ConcernText(APIView):
    """What a question is answered with."""

    @extend_schema(
        request=ConcernTextInput, responses={201: ConcernOutput}, summary="Write the answer"
    )
    def post(self, request: Request, reference: str, number: int) -> Response:
        found = _find_concern(request, reference, number)
        wanted = checked(ConcernTextInput, request.data)
        kind, by = RunKind(wanted["kind"]), caller(request)
        concerns.write_for(found.pk, kind, text=wanted["text"], by=by, now=database_now())
        return Response(_card(found.incident, found.pk), status.HTTP_201_CREATED)


class RunInput(serializers.Serializer):
    """Which text goes to all, and the digest of what you read."""

    kind = serializers.ChoiceField(RunKind.choices)
    sha256 = serializers.RegexField("^[0-9a-fA-F]{64}$")


class ConcernRuns(APIView):
    """Answering all who asked."""

    @extend_schema(
        request=RunInput,
        responses={201: ConcernOutput},
        summary="Send the approved answer to all who asked",
    )
    def post(self, request: Request, reference: str, number: int) -> Response:
        found = _find_concern(request, reference, number)
        wanted = checked(RunInput, request.data)
        kind, by = RunKind(wanted["kind"]), caller(request)
        start_run(found.pk, kind, digest=wanted["sha256"], by=by, now=database_now())
        return Response(_card(found.incident, found.pk), status.HTTP_201_CREATED)


class HaltRun(APIView):
    """Ending an answer to many."""

    @extend_schema(request=None, responses=ConcernOutput, summary="Halt an answer to all who asked")
    def post(self, request: Request, reference: str, run: int) -> Response:
        incident = _find_to(request, reference, Permission.DRAFT)
        found = AnswerRun.objects.filter(incident=incident, pk=run).first()
        if found is None:
            raise Http404
        halt(found.pk, by=caller(request), now=database_now())
        return Response(_card(incident, found.concern_id))
