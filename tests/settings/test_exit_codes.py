"""Scripts branch on the exit codes: they never change their meaning."""

from __future__ import annotations

import pytest

from console.errors import ConsoleError, HaltedError, LockedError, RefusedError, UsageError
from console.exit_codes import ExitCode


def test_the_numbers_are_those_of_the_contract() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "COMPLETED": 0,
        "BUG": 1,
        "USAGE": 2,
        "REFUSED": 3,
        "LOCKED": 4,
        "NEEDS_PERSON": 5,
        "ROLLED_BACK": 6,
        "ABORTED": 7,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
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
