"""Files kept as evidence, over the API."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now

from .api_privacy import ReasonInput, find
from .enums import Custody
from .models_evidence import CustodyEntry, EvidenceFile
from .services import evidence
from .serving import sent


class CustodyOutput(serializers.Serializer):
    """Who had the file in hand."""

    at = serializers.DateTimeField()
    deed = serializers.ChoiceField(Custody.choices)
    actor = serializers.SerializerMethodField()
    note = serializers.CharField()

    def get_actor(self, entry: CustodyEntry) -> str | None:
        return entry.actor.email if entry.actor else None


class FileOutput(serializers.Serializer):
    """A file. `sha256` is of its bytes; deleted, all but the bytes stays."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    note = serializers.CharField()
    uploaded_by = serializers.SerializerMethodField()
    uploaded_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)
    custody = CustodyOutput(many=True)

    def get_uploaded_by(self, file: EvidenceFile) -> str | None:
        return file.uploaded_by.email if file.uploaded_by else None


class FileInput(serializers.Serializer):
    file = serializers.FileField()
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class VerdictOutput(serializers.Serializer):
    """Whether the bytes are still those that were kept."""

    unchanged = serializers.BooleanField()


def _file(request: Request, reference: str, number: int, need: Permission | None = None) -> Any:
    rows = find(request, reference, need).files.select_related("incident", "uploaded_by")
    return rows.get(number=number)


class FilesView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(responses=FileOutput(many=True), summary="List an incident's files")
    def get(self, request: Request, reference: str) -> Response:
        rows = find(request, reference).files.select_related("uploaded_by")
        return Response(FileOutput(rows.prefetch_related("custody__actor"), many=True).data)

    @extend_schema(
        request={"multipart/form-data": FileInput},
        responses={201: FileOutput},
        summary="Keep a file as evidence",
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        wanted = checked(FileInput, request.data)
        upload = wanted["file"]
        kept = evidence.add_file(
            incident.pk,
            upload.file,
            name=upload.name,
            note=wanted["note"],
            by=caller(request),
            now=database_now(),
        )
        return Response(FileOutput(kept).data, status.HTTP_201_CREATED)


class FileView(APIView):
    @extend_schema(responses=FileOutput, summary="Read a file's digest and custody")
    def get(self, request: Request, reference: str, number: int) -> Response:
        return Response(FileOutput(_file(request, reference, number)).data)


class FileContentView(APIView):
    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        summary="Download a file",
    )
    def get(self, request: Request, reference: str, number: int) -> HttpResponse:
        found = _file(request, reference, number)
        return sent(evidence.fetch(found, by=caller(request), now=database_now()))


class FileVerifyView(APIView):
    @extend_schema(request=None, responses=VerdictOutput, summary="Verify a file's digest")
    def post(self, request: Request, reference: str, number: int) -> Response:
        found = _file(request, reference, number)
        same = evidence.verify(found, by=caller(request), now=database_now())
        return Response(VerdictOutput({"unchanged": same}).data)


class FileDeleteView(APIView):
    @extend_schema(request=ReasonInput, responses=FileOutput, summary="Delete a file's bytes")
    def post(self, request: Request, reference: str, number: int) -> Response:
        found = _file(request, reference, number, Permission.RUN_INCIDENT)
        reason = checked(ReasonInput, request.data)["reason"]
        evidence.delete_file(found.pk, by=caller(request), reason=reason, now=database_now())
        return Response(FileOutput(_file(request, reference, number)).data)
