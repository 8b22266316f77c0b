"""The strategy advisor over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now
from core.text import clean
from incidents.api_privacy import find
from responses.enums_strategy import Confidence, Posture, Stance
from responses.hinting import told
from responses.models_strategy import StrategyAnswers, StrategyDecision
from responses.postures import postures
from responses.services import strategy as services
from responses.strategy import QUESTIONS, UNKNOWN
from responses.strategy_page import Advice

from .checks import TextChecked


class OpeningOutput(serializers.Serializer):
    """A first sentence in both languages; what stands in [brackets] is to be filled in."""

    purpose = serializers.CharField()
    en = serializers.CharField()
    da = serializers.CharField()


class ChangeOutput(serializers.Serializer):
    """Another answer, and what would be proposed then."""

    question = serializers.ChoiceField(list(QUESTIONS))
    answer = serializers.CharField()
    posture = serializers.ChoiceField(Posture.choices)


class ProposalOutput(serializers.Serializer):
    """What the advisor proposes; sentences in the caller's language."""

    posture = serializers.ChoiceField(Posture.choices, source="proposal.posture")
    about = serializers.CharField()
    confidence = serializers.ChoiceField(Confidence.choices, source="proposal.confidence")
    basis = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.CharField())
    tone = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())
    bolster = serializers.ListField(child=serializers.CharField())
    openings = OpeningOutput(many=True)
    changes = ChangeOutput(many=True, source="proposal.changes")


class StrategyAnswersOutput(serializers.ModelSerializer):
    """Answers as somebody gave them; `sources` says of which the desk had suggested them, why."""

    by: Any = serializers.SlugRelatedField("email", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True)
    answers = serializers.DictField(child=serializers.CharField(), read_only=True)
    sources = serializers.SerializerMethodField()

    class Meta:
        model = StrategyAnswers
        fields = ("version", "answers", "sources", "posture", "confidence", "by", "at")
        read_only_fields = fields

    def get_sources(self, row: StrategyAnswers) -> dict[str, str]:
        return {question: told(source) for question, source in row.sources.items()}


class StrategyDecisionOutput(serializers.ModelSerializer):
    """The posture decided on. `decision` is its number in the incident's log."""

    by: Any = serializers.SlugRelatedField("email", read_only=True)
    version = serializers.IntegerField(source="answers.number", read_only=True)
    decision = serializers.IntegerField(source="decision.number", read_only=True)

    class Meta:
        model = StrategyDecision
        fields = ("posture", "followed", "reason", "version", "decision", "by", "at")
        read_only_fields = fields


class StrategyOutput(serializers.Serializer):
    """`proposal` is null until somebody answered; `suggested` is what the desk knows by itself."""

    version = serializers.IntegerField(source="base")
    suggested = serializers.SerializerMethodField()
    proposal = ProposalOutput(source="told", allow_null=True)
    decision = StrategyDecisionOutput(allow_null=True)
    history = StrategyAnswersOutput(many=True)

    def get_suggested(self, advice: Advice) -> dict[str, str]:
        return {question: hint.answer for question, hint in advice.hints.items()}


class AnswersInput(serializers.Serializer):
    """`version` is the one that was read, 0 for none: 409 if somebody answered meanwhile."""

    version = serializers.IntegerField(min_value=0)

    def get_fields(self) -> dict[str, serializers.Field]:
        asked: dict[str, serializers.Field] = {
            question: serializers.RegexField(f"^({'|'.join(options)})$", default=UNKNOWN)
            for question, options in QUESTIONS.items()
        }
        return {**super().get_fields(), **asked}


class StrategyDecisionInput(serializers.Serializer):
    """`reason` is needed for another posture than the proposed one."""

    version = serializers.IntegerField(min_value=1)
    posture = serializers.ChoiceField(Posture.choices)
    reason = serializers.CharField(max_length=1000, allow_blank=True, default="")


class StrategyView(APIView):
    @extend_schema(responses=StrategyOutput, summary="Read the strategy of an incident")
    def get(self, request: Request, reference: str) -> Response:
        """The answers, the proposal with its reasons, and what was decided."""
        return Response(StrategyOutput(Advice(find(request, reference))).data)

    @extend_schema(
        request=AnswersInput, responses=StrategyOutput, summary="Answer the strategy advisor"
    )
    def put(self, request: Request, reference: str) -> Response:
        """Each time is a version; what nobody knows yet is "unknown"."""
        incident = find(request, reference)
        wanted = checked(AnswersInput, request.data)
        base, who = wanted.pop("version"), caller(request)
        services.answer(incident.pk, wanted, base=base, by=who, now=database_now())
        return Response(StrategyOutput(Advice(incident)).data)


class StrategyDecisionView(APIView):
    @extend_schema(
        request=StrategyDecisionInput,
        responses={201: StrategyDecisionOutput},
        summary="Decide on a posture",
    )
    def post(self, request: Request, reference: str) -> Response:
        """As proposed, or otherwise with a reason; it goes into the log of decisions."""
        incident = find(request, reference)
        wanted = checked(StrategyDecisionInput, request.data)
        made = services.decide(
            incident.pk,
            wanted["posture"],
            base=wanted["version"],
            reason=wanted["reason"],
            by=caller(request),
            now=database_now(),
        )
        return Response(StrategyDecisionOutput(made).data, status.HTTP_201_CREATED)


class StoodOutput(serializers.Serializer):
    """A place that takes a stance: `start` and `end` in code points."""

    stance = serializers.ChoiceField(Stance.choices)
    start = serializers.IntegerField(source="claim.start")
    end = serializers.IntegerField(source="claim.end")
    sentence = serializers.CharField(source="quote")
    why = serializers.CharField()


class OpposedOutput(serializers.Serializer):
    """A place of the text (`here`) and one of another text that weaken each other."""

    here = StoodOutput()
    there = StoodOutput()
    text = serializers.CharField(source="said.label")
    url = serializers.CharField(source="said.url")


class PosturesOutput(serializers.Serializer):
    """`strays` are stances that the posture decided for the incident does not ask for."""

    stances = StoodOutput(many=True, source="stood")
    against = OpposedOutput(many=True)
    strays = serializers.ListField(child=serializers.CharField())


class PosturesView(APIView):
    @extend_schema(request=TextChecked, responses=PosturesOutput, summary="Say how a text stands")
    def post(self, request: Request, reference: str) -> Response:
        """Denying, playing down, taking responsibility; and against which other text it stands."""
        incident = find(request, reference)
        text = clean(checked(TextChecked, request.data)["text"])
        return Response(PosturesOutput(postures(incident, text, now=database_now())).data)
