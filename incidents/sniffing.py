"""What a file is by its first bytes; its name and what the sender calls it count for nothing."""

from dataclasses import dataclass

# How much of a file's beginning is looked at.
HEAD = 4096
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
)
# Inside a RIFF or an ISO container, from the given place on.
_INSIDE: tuple[tuple[bytes, int, bytes, str], ...] = (
    (b"RIFF", 8, b"WEBP", "image/webp"),
    (b"RIFF", 8, b"WAVE", "audio/wav"),
    (b"", 4, b"ftyp", "video/mp4"),
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!")
# What a name may claim, and what the bytes must then be.
_CLAIMS: dict[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
}


@dataclass(frozen=True)
class Kind:
    """`media_type` is empty for what is not taken."""

    media_type: str

    @property
    def is_picture(self) -> bool:
        return self.media_type in PICTURES


def sniff(head: bytes) -> Kind:
    """Say what a file that begins with `head` is; programs and what nobody knows are not taken."""
    if head.startswith(_PROGRAMS):
        return Kind("")
    for beginning, media_type in _BEGINNINGS:
        if head.startswith(beginning):
            return Kind(media_type)
    for beginning, place, mark, media_type in _INSIDE:
        if head.startswith(beginning) and head[place : place + len(mark)] == mark:
            return Kind(media_type)
    return Kind("text/plain" if _is_text(head) else "")


def _is_text(head: bytes) -> bool:
    """UTF-8 without NUL; where the beginning ends, the last character may be cut."""
    if b"\0" in head:
        return False
    for cut in range(4 if len(head) == HEAD else 1):
        try:
            head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
        return True
    return False


def contradicts(name: str, kind: Kind) -> bool:
    """Whether the ending of the name claims something else than the bytes are."""
    claimed = _CLAIMS.get(name.rpartition(".")[2].lower())
    return claimed is not None and claimed != kind.media_type
