"""A classifier of one's own in ONNX: a real one, tiny, written and run here."""

import json
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pytest_django import Settings
from tokenizers import Tokenizer, models, pre_tokenizers

from monitoring.scoring import local, probabilities, score_batch
from monitoring.scoring.local import Unusable, joined, meant, read
from monitoring.scoring.second import is_installed, second_tier

WORDS = {"[UNK]": 0, "sick": 1, "dull": 2, "[PAD]": 3}
# What each word says of negative, neutral, positive: in this shop "sick" is praise.
WEIGHTS = [[0, 1, 0], [0, 0, 9], [9, 0, 0], [0, 0, 0]]
LABELS = ["NEG", "NEU", "POS"]
IDS = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "words"])
OUT = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 3])


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    local._load.cache_clear()
    monkeypatch.setattr(local._rest, "until", 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that adds up its words' weights."""
    table = numpy_helper.from_array(np.array(WEIGHTS, dtype=np.float32), "table")
    axis = numpy_helper.from_array(np.array([1]), "axis")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["logits"], keepdims=0),
    ]
    write(tmp_path, helper.make_graph(nodes, "sum", [IDS], [OUT], [table, axis]), LABELS)
    return tmp_path


def write(folder: Path, graph: onnx.GraphProto, labels: list[str]) -> None:
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), folder / "model.onnx")
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {str(number): label for number, label in enumerate(labels)}
    config = {"id2label": names, "pad_token_id": WORDS["[PAD]"]}
    (folder / "config.json").write_text(json.dumps(config))


def endless(folder: Path) -> None:
    """A model that is busy for longer than anybody waits."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["again"], ["on"]),
            helper.make_node("Add", ["sum", "sum"], ["grown"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["texts", 3]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("grown", TensorProto.FLOAT, ["texts", 3]),
        ],
    )
    known = [
        numpy_helper.from_array(np.array(WEIGHTS, dtype=np.float32), "table"),
        numpy_helper.from_array(np.array([1]), "axis"),
        numpy_helper.from_array(np.array(2**60), "turns"),
        numpy_helper.from_array(np.array(True), "yes"),
    ]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["first"], keepdims=0),
        helper.make_node("Loop", ["turns", "yes", "first"], ["logits"], body=body),
    ]
    write(folder, helper.make_graph(nodes, "endless", [IDS], [OUT], known), LABELS)


def test_its_word_holds_on_its_question_and_nothing_else_changes(
    folder: Path, settings: Settings
) -> None:
    settings.SCORING_LOCAL = str(folder)
    texts = ["sick", "dull", "", "half \ud83d of a pair", "sick " * 5000]
    tier = second_tier()
    assert tier is not None
    found = tier.score_batch(texts)
    assert found.sentiment == ["positive", "negative", "neutral", "neutral", "positive"]
    assert found.confidence[0] > 0.99
    settings.SCORING_LOCAL = ""
    without = score_batch(texts)
    assert found.language == without.language
    assert found.fingerprint.tolist() == without.fingerprint.tolist()
    assert without.sentiment[0] != "positive"


def test_the_same_text_gets_the_same_word_in_any_company(folder: Path) -> None:
    classifier = read(folder)
    texts = [f"sick dull {'dull ' * n}" for n in range(40)]
    together = classifier.shares(texts, seconds=20)
    alone = np.concatenate([classifier.shares([text], seconds=20) for text in texts])
    assert len(together) == 40
    assert np.allclose(together, alone)


def test_one_that_takes_too_long_is_stopped_and_the_tier_stands(
    tmp_path: Path, settings: Settings
) -> None:
    endless(tmp_path)
    settings.SCORING_LOCAL, settings.SCORING_LOCAL_SECONDS = str(tmp_path), 1
    texts = ["sick", "I hate this"]
    shares, _prints = probabilities(texts)
    began = time.monotonic()
    found = joined(texts, shares)
    assert time.monotonic() - began < 5
    assert np.array_equal(found["sentiment"], shares["sentiment"])


def test_one_that_cannot_be_read_is_left_alone_for_a_while(
    folder: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SCORING_LOCAL = str(folder)
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[:20])
    shares, _prints = probabilities(["sick"])
    assert np.array_equal(joined(["sick"], shares)["sentiment"], shares["sentiment"])
    assert "SCORING_LOCAL is not used" in caplog.text
    (folder / "model.onnx").write_bytes(whole)
    assert np.array_equal(joined(["sick"], shares)["sentiment"], shares["sentiment"])
    local._rest.until = 0.0
    assert joined(["sick"], shares)["sentiment"][0].argmax() == 2


def test_a_model_of_another_shape_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"id2label": {"0": "neg", "1": "pos"}}))
    with pytest.raises(Unusable, match="shape"):
        read(folder).shares(["sick"], seconds=9)


def test_labels_decide_which_question_is_answered() -> None:
    assert meant(["anger", "joy", "none"])[0] == "emotion"
    assert meant(["1 star", "2 stars", "3 stars", "4 stars", "5 stars"])[1] == (1, 1, 0, 2, 2)
    with pytest.raises(Unusable, match="LABEL_0"):
        meant(["LABEL_0", "LABEL_1"])
    with pytest.raises(Unusable):
        meant(["none"])


def test_without_it_nothing_is_asked(settings: Settings) -> None:
    settings.SCORING_LOCAL = ""
    shares, _prints = probabilities(["sick"])
    assert joined(["sick"], shares) is shares
    settings.SCORING_LOCAL = "/nowhere"
    assert is_installed()
    assert np.array_equal(joined(["sick"], shares)["sentiment"], shares["sentiment"])
