"""The exit code of a move says how it ended, in the numbers that a rollout ends with."""

from __future__ import annotations

import pytest

from console.commands.making import exit_code_of
from console.domain.failure import Failure, FailureKind


def test_one_that_was_made_ends_with_0() -> None:
    assert exit_code_of(None) == 0


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (FailureKind.REFUSED, 3),
        (FailureKind.LOCKED, 4),
        (FailureKind.FAILED, 5),
        (FailureKind.STALE, 5),
        (FailureKind.INTERRUPTED, 5),
        (FailureKind.INCONCLUSIVE, 5),
    ],
)
def test_one_that_was_not_says_why_by_its_number(kind: FailureKind, exit_code: int) -> None:
    assert exit_code_of(Failure(kind, "it was not made")) == exit_code
