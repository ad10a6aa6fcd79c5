"""Each outcome and each error ends the process with its number."""

from __future__ import annotations

import pytest

from console.domain.outcome import Outcome
from console.errors import ConsoleError, HaltedError, LockedError, RefusedError, UsageError
from console.exit_codes import ExitCode, exit_code_of


def test_every_outcome_has_the_documented_code() -> None:
    assert {outcome: int(exit_code_of(outcome)) for outcome in Outcome} == {
        Outcome.COMPLETED: 0,
        Outcome.REFUSED: 3,
        Outcome.PARTIAL: 5,
        Outcome.INCONCLUSIVE: 5,
        Outcome.ROLLED_BACK: 6,
        Outcome.ABORTED: 7,
    }


@pytest.mark.parametrize(
    ("kind", "code"), [(UsageError, 2), (RefusedError, 3), (LockedError, 4), (HaltedError, 5)]
)
def test_every_error_has_the_documented_code(kind: type[ConsoleError], code: int) -> None:
    assert kind("no").exit_code == code
    assert kind("no", exit_code=ExitCode.BUG).exit_code == 1


def test_an_error_reads_as_a_sentence_with_a_hint() -> None:
    assert RefusedError("no", "do it").render() == "error: no\n  → do it"
    assert RefusedError("no").render() == "error: no"
