"""How a worker ended is told in the same words, whether Python tells it or Docker."""

from __future__ import annotations

import pytest

from console.sandbox.containers.top import TopLine, lines_of
from console.sandbox.exit_words import in_words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit code 0"),
        (3, "exit code 3"),
        (-9, "killed by SIGKILL"),
        (137, "killed by SIGKILL"),
        (143, "killed by SIGTERM"),
        (128, "exit code 128"),
        (255, "exit code 255"),
    ],
)
def test_an_end_is_told_in_words(code: int, words: str) -> None:
    assert in_words(code) == words


def test_want_of_memory_is_told() -> None:
    assert in_words(137, is_out_of_memory=True) == "killed by SIGKILL, out of memory"


def test_what_docker_top_says_is_read_with_days_and_spaces() -> None:
    row = ["4711", "1", "root", "93784", "1-02:03:04", "python3 -u launcher.py"]
    assert list(lines_of([row])) == [
        TopLine(4711, 1, "root", 93784, 93784, "python3 -u launcher.py")
    ]
