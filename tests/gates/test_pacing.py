"""How many looks decide: passes in a row, failures, looks without data, delays and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from console.domain.pacing import Moment, paced
from console.domain.policy import Pace
from console.domain.verdicts import Status, Verdict, unmeasured

from .looks import NOW

P, W, F, N = Status.PASS, Status.WAIT, Status.FAIL, Status.INCONCLUSIVE
SECOND = timedelta(seconds=1)


def look(status: Status, gate: str = "backlog") -> Verdict:
    """Return what one look says."""
    if status is N:
        return unmeasured(gate, "at most 2", "Throttling")
    return Verdict(gate, status, "3", "at most 2")


def said(
    pace: Pace,
    looks: Sequence[Status],
    every: timedelta = SECOND,
    compared: Sequence[timedelta] | None = None,
) -> list[Verdict]:
    """Return what the gate says after each of `looks`.

    Args:
        pace: its pace.
        looks: what each look says; the first is taken at the apply.
        every: the time between them.
        compared: when, after the apply, the other regions were looked at; None without any.
    """
    told: list[Verdict] = []
    for place, status in enumerate(looks):
        at = NOW + every * place
        beside = None if compared is None else NOW + compared[place]
        known = told[-1] if told else None
        told.append(paced(look(status), known, pace, Moment(at, NOW, beside, SECOND)))
    return told


@dataclass(frozen=True)
class Row:
    """Looks one after another, and what the gate says after each."""

    what: str
    pace: Pace
    looks: str
    said: str
    every: timedelta = SECOND


TABLE = [
    Row("every look decides", Pace(), "PWFP", "PWFP"),
    Row("three passes in a row", Pace(consecutive=3), "PPPP", "WWPP"),
    Row("a wait ends the row", Pace(consecutive=2), "PWPP", "WWWP"),
    Row("a failure ends the row", Pace(consecutive=2, failures_allowed=1), "PFPP", "WWWP"),
    Row("no data ends the row", Pace(consecutive=2), "PIPP", "WIWP"),
    Row("two failures are allowed", Pace(failures_allowed=2), "FFF", "WWF"),
    Row("failures count in all", Pace(failures_allowed=1), "FPPF", "WPPF"),
    Row("failures are no errors", Pace(failures_allowed=1, errors_allowed=0), "FP", "WP"),
    Row("errors are no failures", Pace(failures_allowed=0, errors_allowed=3), "IIP", "IIP"),
    Row("nobody is asked too early", Pace(initial_delay=2 * SECOND), "FFPF", "WWPF"),
    Row("a look between counts for nothing", Pace(interval=3 * SECOND), "PFFFP", "PPPFF"),
    Row(
        "passes in a row are an interval apart",
        Pace(consecutive=2, interval=2 * SECOND),
        "PPPP",
        "WWPP",
    ),
    Row("a dry run says what it sees", Pace(dry_run=True), "PFIW", "PFIW"),
]
LETTERS = {"P": P, "W": W, "F": F, "I": N}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_looks_add_up_to_what_the_table_says(row: Row) -> None:
    told = said(row.pace, [LETTERS[letter] for letter in row.looks], row.every)

    assert [verdict.status for verdict in told] == [LETTERS[letter] for letter in row.said]
    assert all(verdict.is_dry is row.pace.dry_run for verdict in told)


def test_too_many_looks_without_data_in_a_row_decide() -> None:
    told = said(Pace(errors_allowed=2), [N, N, P, N, N, N])

    assert [verdict.is_decided for verdict in told] == [False] * 5 + [True]
    assert "look 2 of 2 allowed without data" in told[1].reason


def test_without_an_allowance_no_number_of_errors_decides_before_the_deadline() -> None:
    assert not any(verdict.is_decided for verdict in said(Pace(), [N] * 50))


def test_a_gate_that_says_the_same_again_counts_nothing_that_a_journal_would_have_to_keep() -> None:
    for status, pace in ((P, Pace()), (W, Pace()), (N, Pace()), (F, Pace(dry_run=True))):
        told = said(pace, [status] * 9)
        assert len(set(told[1:])) == 1


def test_a_failure_waits_until_the_other_regions_were_looked_at_after_it() -> None:
    beside = [SECOND * at for at in (0, 0, 1, 2)]

    told = said(Pace(), [F, F, F, F], compared=beside)

    assert [verdict.status for verdict in told] == [W, W, W, F]
    assert "comparing with regions not touched yet" in told[0].reason


def test_other_regions_that_nobody_can_look_at_hold_a_failure_up_only_for_a_while() -> None:
    told = said(Pace(), [F] * 5, compared=[timedelta(0)] * 5)

    assert [verdict.status for verdict in told] == [W, W, W, W, F]


def test_a_failure_that_is_over_before_the_others_were_looked_at_counts_for_nothing() -> None:
    told = said(Pace(), [F, P, F], compared=[timedelta(0)] * 3)

    assert [verdict.status for verdict in told] == [W, P, W]
    assert told[-1].counts.failures == 0
