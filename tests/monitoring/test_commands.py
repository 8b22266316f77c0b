"""`manage.py score` and `manage.py detect`, as they are judged from outside."""

import json
import subprocess
import sys
from pathlib import Path

from monitoring.enums import CrisisType, Sentiment

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        input=given,
        capture_output=True,
        cwd=ROOT,
        check=False,
    )


def test_score_answers_each_line_with_an_object() -> None:
    texts = ["I love it!", "Forfærdelig service", "", "broken \xe6".encode("latin-1")]
    lines = [text if isinstance(text, bytes) else text.encode() for text in texts]
    done = _run("score", given=b"\n".join(lines) + b"\n")
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [answer["sentiment"] for answer in answers[:2]] == ["positive", "negative"]
    assert len(answers) == 4
    for answer in answers:
        assert set(answer) == {
            "language",
            "sentiment",
            "sentiment_score",
            "crisis_type",
            "emotion",
            "blame",
            "question",
            "fingerprint",
            "confidence",
        }
        assert answer["sentiment"] in Sentiment.values
        assert answer["crisis_type"] in CrisisType.values
        assert -1 <= answer["sentiment_score"] <= 1


def test_score_takes_endless_lines_separators_and_a_missing_line_end() -> None:
    given = b"x" * 50_000_000 + b"\r\n" + "a\u2028b\x0bc\x85d".encode() + b"\nlast"
    done = _run("score", given=given)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"\n") == 3


def test_score_of_nothing_is_nothing() -> None:
    assert _run("score", given=b"").stdout == b""


def test_score_answers_before_the_input_ends() -> None:
    with subprocess.Popen(
        [sys.executable, "manage.py", "score"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"thank you\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["sentiment"] == "positive"
        child.stdin.close()


def test_detect_writes_the_agreed_columns() -> None:
    rows = [f"2026-03-01 {hour:02}:{minute:02}:00,7" for hour in range(5) for minute in (0, 30)]
    given = "\n".join(["timestamp,value", *rows, "2026-03-01 05:00:00,900"]).encode()
    done = _run("detect", "--step", "1800", given=given)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "timestamp,value,expected_low,expected_high,score,alarm"
    assert [line.split(",")[0] for line in lines[1:]] == [
        line.split(",")[0] for line in given.decode().splitlines()[1:]
    ]
    assert lines[-1].endswith(",1")
    assert all(line.endswith(",0") for line in lines[1:-1])


def test_detect_names_the_bad_line_and_fails() -> None:
    done = _run("detect", given=b"timestamp,value\n2026-03-01 00:00:00,7\n2026-03-01,many\n")
    assert done.returncode == 1
    assert b"Line 3" in done.stderr
    assert b"Traceback" not in done.stderr


def test_detect_refuses_a_step_without_length() -> None:
    done = _run("detect", "--step", "0", given=b"")
    assert done.returncode == 1
    assert b"--step" in done.stderr
