"""The texts that the scoring model may learn from, and the lexicons it begins with.

`Corpus.free` says whether weights learned from it may be shipped with the project. The others are
used only when the person who trains says that they are entitled to (`--all`).
"""

import csv
import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

INVENTED = Path(__file__).resolve().parent.parent / "monitoring" / "data" / "invented"
SENTIMENTS = ("negative", "neutral", "positive")
FIFTH = 5
# Of the texts that a larger model judges the first of so many are not cut into pieces, and not
# learned from: they tell how sure to be.
UNCUT = 20
# What two collections of the same texts differ in: escapes, names, links, marks.
_BESIDES = re.compile(r"\\u[0-9a-fA-F]{4}|@\w+|https?://\S+|[\W_]")
_SIGNS = {"-": "negative", "=": "neutral", "+": "positive"}
_FEELINGS = {
    "a": "anger",
    "f": "fear",
    "m": "mockery",
    "d": "disappointment",
    "c": "concern",
    "j": "joy",
    ".": "none",
}
_BLAMED = {"u": "us", "p": "partner", "x": "affected", ".": "nobody"}

# Names for {B}: all invented, of many shapes, so that no name is learned as a feature.
BRANDS = (
    "Fjordkaffe|Nordlys|Havbryg|Lumora|Skovgaard Bank|Bluefin Airways|Kvist|Tonder Telecom|Oakwell|"
    "Brightmart|Pellegrin|Vesterhus|Mira Foods|Solvang|Trilby|Zenta|Kaptajnens|Nimbus Energy|"
    "Aurelia|Hedebo|Cargoline|Maple & Sons|Rosenlund|Quillon|Dansk Vand|Stellar Mobile|Bygholm|"
    "Merle Rail|Ostrup|Velo City|Greta's|Nettopharm|@user|it|they|them|the company|the shop"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what is known of it; "" is what is not. `place` is where in its file's section
    an invented text stands, 0 to 1: those of two languages that stand alike may say the same."""

    text: str
    sentiment: str = ""
    crisis_type: str = ""
    weight: float = 1.0
    emotion: str = ""
    blame: str = ""
    question: str = ""
    place: float = 0.0
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of the data folder. `weight` is how much an example of it counts."""

    path: str
    free: bool
    weight: float
    licence: str


SENTIMENT = (
    Corpus("sentiment/en_entity_brands", True, 0.013, "CC0"),
    Corpus("sentiment/nb_norec_train", True, 0.1, "NoReC, trained models are free"),
    Corpus("sentiment/en_semeval_train", False, 1.0, "research"),
    Corpus("sentiment/multi_xlmt_train", False, 0.5, "research"),
    Corpus("sentiment/en_airline", False, 0.5, "CC BY-NC-SA"),
    Corpus("sentiment/en_sxsw", False, 0.3, "research"),
    Corpus("sentiment/da_social", False, 1.5, "CC BY-NC-SA"),
    Corpus("sentiment/da_trustpilot", False, 0.3, "none stated"),
)


def read(folder: Path, corpus: Corpus, *, apart: frozenset[str] = frozenset()) -> list[Example]:
    """Examples of one file, without those whose wording is kept `apart` for measuring.

    Raises OSError where the file is absent.
    """
    return [
        Example(row["text"], sentiment=row["label"], weight=corpus.weight)
        for row in rows_of(folder, corpus.path)
        if row["label"] in SENTIMENTS and wording(row["text"]) not in apart
    ]


def kept_apart(folder: Path) -> frozenset[str]:
    """The wordings that are measured on: the validation tweets and every fifth of each file.

    By wording, because the files share texts: most of TweetEval's validation tweets stand in the
    training file of another collection, with other escapes.
    """
    rows = rows_of(folder, "sentiment/en_tweeteval_val")
    for corpus in SENTIMENT:
        rows += rows_of(folder, corpus.path)[FIFTH - 1 :: FIFTH]
    return frozenset(wording(row["text"]) for row in rows)


def rows_of(folder: Path, path: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"{path}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def wording(text: str) -> str:
    return _BESIDES.sub("", text).lower()[:60]


def invented(copies: int, seed: int = 7) -> list[Example]:
    """The project's own texts, each `copies` times under another company's name."""
    source = random.Random(seed)
    names = BRANDS.split("|")
    return [
        replace(example, text=example.text.replace("{B}", source.choice(names)), weight=1 / copies)
        for example in own_texts()
        for _ in range(copies)
    ]


def terms() -> list[Example]:
    """Phrases that speak of a kind of crisis, as very short texts."""
    found, crisis_type = [], ""
    files = sorted(INVENTED.glob("crisis_terms*.txt"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    for block in text.replace(";\n", "; ").split("\n["):
        heading, bracket, phrases = block.partition("]")
        if bracket:
            crisis_type = heading.strip("[")
            joined = " ".join(phrases.split())
            found += [Example(each, crisis_type=crisis_type) for each in joined.split("; ")]
    return found


def own_texts(pattern: str = "[cp]*_??.txt") -> Iterator[Example]:
    """The invented texts of the files that match, as written: with {B} for the brand."""
    for path in sorted(INVENTED.glob(pattern)):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        whole = path.stem.startswith(("posts", "blind"))
        for heading, section in _sections(lines):
            for number, line in enumerate(section):
                place, lang = number / len(section), path.stem[-2:]
                yield _example(line, heading, whole=whole, place=place, lang=lang)


def _sections(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("["):
            found.append((line.strip("[]"), []))
        elif not line.startswith("#"):
            found[-1][1].append(line)
    return found


def _example(line: str, crisis_type: str, *, whole: bool, place: float, lang: str) -> Example:
    """A line: a sign and the text, or sign, feeling, who is blamed and the text."""
    text = line[4:] if whole else line[2:]
    mocking = whole and line[1] in "am"
    return Example(
        text=text,
        sentiment=_SIGNS[line[0]],
        crisis_type=crisis_type,
        emotion=_FEELINGS[line[1]] if whole else "",
        blame=_BLAMED[line[2]] if whole else "",
        question="" if mocking and "?" in text else ("yes" if "?" in text else "no"),
        place=place,
        lang=lang,
    )


def questions(folder: Path, count: int) -> list[Example]:
    """Customers' questions, half of them without their mark (banking77, CC BY 4.0)."""
    source = random.Random(4)
    rows = source.sample(rows_of(folder, "topics/banking77_train"), count)
    texts = [row["text"] for row in rows if row["text"].strip().endswith("?")]
    return [
        Example(text.rstrip("? ") if number % 2 else text, question="yes", weight=0.1)
        for number, text in enumerate(texts)
    ]


def lexicon(folder: Path) -> dict[str, float]:
    """Words and their weight, -5 to 5. Where lists differ the first wins: ours, then AFINN's."""
    words = dict(_own_words())
    for language in ("da-32", "en-165", "sv-165", "fr-165", "emoticon-8"):
        path = folder / "lexicons" / f"AFINN-{language}.txt"
        for line in path.read_text(encoding="utf-8").splitlines():
            word, _, weight = line.partition("\t")
            if weight and " " not in word:
                words.setdefault(word.lower(), float(weight))
    return words


def danish_words(folder: Path) -> dict[str, float]:
    """Danish words in all their forms and their weight, -5 to 5; empty where the list is absent.

    Several times as many as `lexicon` knows. Its licence (CC BY-SA) is not for a shipped model.
    """
    path = folder / "lexicons" / "danish_sentiment_lexicon_DDS.csv.gz"
    words: dict[str, float] = {}
    if not path.exists():
        return words
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for word, _number, _kind, _id, weight, forms in csv.reader(lines):
            # Past five is a slip of the list.
            if abs(float(weight)) <= 5:
                for each in (word, *forms.split(";")):
                    words.setdefault(each.lower(), float(weight))
    return words


def _own_words() -> Iterator[tuple[str, float]]:
    for line in (INVENTED / "words.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            weight, *words = line.split()
            yield from ((word, float(weight)) for word in words)
