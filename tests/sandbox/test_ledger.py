"""The books: each job is in one place, and only a loss that stays is a loss."""

from __future__ import annotations

from collections import Counter

import pytest

from console.sandbox.books import sum_up
from console.sandbox.ledger import Depth, Ledger, Result, percentile


def sent(*jobs: str) -> Ledger:
    ledger = Ledger()
    ledger.begin(list(jobs), now=100.0)
    ledger.confirm(list(jobs))
    return ledger


def result(job: str, posted: float = 101.0) -> Result:
    return Result(job, release="0.9.0", instance="i-1", posted=posted)


def sample(ledger: Ledger, depth: Depth, *drained: Result, at: float = 200.0) -> None:
    before = ledger.certain()
    for each in drained:
        ledger.take_result(each)
    ledger.sample(before, at, depth, list(drained))


def test_a_loss_counts_only_when_it_stays() -> None:
    ledger = sent("a", "b", "c")
    losses = []
    for _ in range(3):
        sample(ledger, Depth(waiting=1, in_flight=1))
        losses.append(ledger.lost)
    assert losses == [0, 0, 1]


def test_a_loss_seen_once_is_forgotten() -> None:
    ledger = sent("a", "b")
    sample(ledger, Depth(waiting=1))
    for _ in range(5):
        sample(ledger, Depth(waiting=2))
        assert ledger.lost == 0


def test_a_job_that_finishes_while_the_queues_are_counted_is_not_lost() -> None:
    ledger = sent("a", "b")
    for _ in range(5):
        sample(ledger, Depth(in_flight=2), result("a", posted=201.0), at=200.0)
    assert ledger.lost == 0


def test_a_finished_job_does_not_hide_a_lost_one() -> None:
    ledger = sent("a", "b")
    for number in range(3):
        drained = [result("a", posted=199.0)] if number == 0 else []
        sample(ledger, Depth(), *drained, at=200.0)
    assert (ledger.done, ledger.lost) == (1, 1)


def test_dead_jobs_are_not_lost() -> None:
    ledger = sent("a")
    for _ in range(5):
        sample(ledger, Depth(dead=1))
    assert ledger.lost == 0


def test_a_second_result_is_a_duplicate_and_not_a_job_done() -> None:
    ledger = sent("a")
    for _ in range(3):
        ledger.take_result(result("a"))
    assert (ledger.done, ledger.duplicated) == (1, 2)


def test_a_job_done_before_its_sending_was_confirmed_is_done() -> None:
    ledger = Ledger()
    ledger.begin(["a"], now=100.0)
    ledger.take_result(result("a"))
    ledger.confirm(["a"])
    assert (ledger.sent, ledger.done, ledger.certain()) == (1, 1, frozenset())


def test_a_job_that_was_not_sent_is_not_missed() -> None:
    ledger = Ledger()
    ledger.begin(["a"], now=100.0)
    ledger.withdraw(["a"])
    for _ in range(5):
        sample(ledger, Depth())
    assert (ledger.sent, ledger.lost) == (0, 0)


@pytest.mark.parametrize(("share", "seconds"), [(0.5, 0.5), (0.99, 0.99), (1.0, 1.0)])
def test_percentiles_are_waits_that_so_many_did_not_exceed(share: float, seconds: float) -> None:
    assert percentile(Counter(range(1, 101)), share) == seconds


def test_no_jobs_have_no_percentile() -> None:
    assert percentile(Counter(), 0.5) is None


def test_the_books_sum_up_the_regions() -> None:
    first, second = sent("a", "b"), sent("c")
    first.take_result(result("a", posted=100.5))
    second.take_result(result("c", posted=102.0))
    books = sum_up([first, second], {"us-east-1": 1})
    assert (books.sent, books.done, books.by_release) == (3, 2, {"0.9.0": 2})
    assert (books.wait_p50_s, books.wait_p99_s, books.min_healthy) == (0.5, 2.0, {"us-east-1": 1})
