"""A classifier of one's own, by path: a transformer in ONNX, as Hugging Face's tools write it.

SCORING_LOCAL names a folder with `model.onnx`, `tokenizer.json` and `config.json`. The labels in
`config.json` (`id2label`) decide which question it answers: all must be codes of one question, or
ways in which sentiment is usually named. On that question its word holds in the second tier's
rounds; for whatever it did not answer in time, or where it fails, the tier's own word stands.
Needs onnxruntime and tokenizers (requirements-onnx.txt).
"""

import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from . import Shares, classes
from .model import softmax

logger = logging.getLogger(__name__)
Floats = NDArray[np.float64]

QUESTIONS = ("sentiment", "crisis_type", "emotion", "blame")
MOST_TOKENS = 256
# Texts in one go: after each the clock is looked at.
PART = 16
# Seconds for which a classifier that failed is left alone.
REST = 300.0
_NAMES = {
    "neg": "negative", "neu": "neutral", "pos": "positive", "negativ": "negative",
    "neutrum": "neutral", "positiv": "positive", "very negative": "negative",
    "very positive": "positive", "1 star": "negative", "2 stars": "negative",
    "3 stars": "neutral", "4 stars": "positive", "5 stars": "positive",
}  # fmt: skip


class Unusable(Exception):
    """The classifier cannot be read, or what it says is no answer."""


@dataclass(frozen=True)
class Classifier:
    """A loaded model. `columns`: for each of its outputs, the class of `question` it stands for."""

    runtime: Any
    session: Any
    tokenizer: Any
    question: str
    columns: tuple[int, ...]

    def shares(self, texts: Sequence[str], *, seconds: float) -> Floats:
        """Return the probabilities (texts, classes) of as many of the first texts as were answered
        within `seconds`. Raises Unusable."""
        until = time.monotonic() + seconds
        found = [np.zeros((0, len(classes(self.question))))]
        for start in range(0, len(texts), PART):
            part = self._part(texts[start : start + PART], until - time.monotonic())
            if part is None:
                break
            found.append(part)
        return np.concatenate(found)

    def _part(self, texts: Sequence[str], seconds: float) -> Floats | None:
        """The same for a part; None where it takes longer: the run is ended from outside."""
        if seconds <= 0:
            return None
        run = self.runtime.RunOptions()
        # Terminating is the only way in: the run itself knows no time.
        clock = threading.Timer(seconds, setattr, (run, "terminate", True))
        clock.start()
        try:
            outputs = self.session.run(None, self._inputs(texts), run)
        except Exception as error:
            if run.terminate:
                return None
            raise Unusable(str(error)) from error
        finally:
            clock.cancel()
        return self._named(np.asarray(outputs[0], dtype=np.float64), len(texts))

    def _inputs(self, texts: Sequence[str]) -> dict[str, Any]:
        # Half a pair of surrogates is no text to the tokenizer.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        cut = self.tokenizer.encode_batch(clean)
        given = {
            "input_ids": [each.ids for each in cut],
            "attention_mask": [each.attention_mask for each in cut],
            "token_type_ids": [each.type_ids for each in cut],
        }
        wanted = [each.name for each in self.session.get_inputs()]
        return {name: np.array(given[name], dtype=np.int64) for name in wanted}

    def _named(self, logits: Floats, count: int) -> Floats:
        if logits.shape != (count, len(self.columns)) or not np.isfinite(logits).all():
            raise Unusable(f"The model answered in the shape {logits.shape}.")
        found = np.zeros((count, len(classes(self.question))))
        np.add.at(found.T, list(self.columns), softmax(logits).T)
        return found


def read(folder: Path) -> Classifier:
    """Load a classifier. Raises Unusable with the reason."""
    try:
        runtime, tokenizers = import_module("onnxruntime"), import_module("tokenizers")
    except ImportError as error:
        raise Unusable("pip install -r requirements-onnx.txt") from error
    options = runtime.SessionOptions()
    # The workers share the machine.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        labels = [label for _id, label in sorted(config["id2label"].items(), key=_number)]
        tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        session = runtime.InferenceSession(str(folder / "model.onnx"), options)
    except Exception as error:
        raise Unusable(f"{folder}: {error}") from error
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.enable_padding(pad_id=config.get("pad_token_id") or 0)
    question, columns = meant(labels)
    return Classifier(runtime, session, tokenizer, question, columns)


def meant(labels: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """Return the question whose codes the labels are, and which code each is. Raises Unusable."""
    codes = [_NAMES.get(label.lower().strip(), label.lower().strip()) for label in labels]
    for question in QUESTIONS:
        known = classes(question)
        if set(codes) <= set(known) and len(set(codes)) > 1:
            return question, tuple(known.index(code) for code in codes)
    raise Unusable(f"The labels {', '.join(labels)} are no codes of one question.")


def joined(texts: Sequence[str], shares: Shares) -> Shares:
    """Put the classifier's word in place of `shares` where it answered; else they stand."""
    folder, now = settings.SCORING_LOCAL, time.monotonic()
    if not folder or now < _rest.until:
        return shares
    try:
        classifier = _load(Path(folder))
        said = classifier.shares(texts, seconds=settings.SCORING_LOCAL_SECONDS)
    except Unusable as reason:
        logger.warning("The classifier in SCORING_LOCAL is not used: %s", reason)
        _rest.until = now + REST
        return shares
    held = shares[classifier.question].copy()
    held[: len(said)] = said
    return {**shares, classifier.question: held}


class _Rest:
    """Until when a classifier that failed is left alone, by this process's clock."""

    until = 0.0


_rest = _Rest()


@lru_cache(maxsize=1)
def _load(folder: Path) -> Classifier:
    return read(folder)


def _number(item: tuple[str, Any]) -> int:
    return int(item[0])
