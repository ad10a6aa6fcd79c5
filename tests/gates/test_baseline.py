"""What was so before the release, or rises where it is not, is not held against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.baseline import Control, Group, Measure, measure
from console.domain.fleet import QueueSample, RegionName, RegionSample
from console.domain.gates import Expectation, Status, Verdict, judge, settle

from .looks import NOW, SILENT_AFTER, beat, look, wanted

MINUTE = timedelta(minutes=1)
BEFORE = Measure(NOW - 5 * MINUTE, 300, 0, 3, 10, timedelta(seconds=9), 4)
FAILING = look(beats=(beat("i-0", runs=50, failures=10), beat("i-1", runs=50, failures=10)))
DYING = look(queue=QueueSample(10, 2, 20, timedelta(seconds=30)))
PILING = look(queue=QueueSample(500, 2, 7, timedelta(seconds=30)))


def beside(now: Measure, *more: Measure) -> Group:
    """Return one or two regions that are not touched: what they are now; before, all was well."""
    names = (RegionName("us-west-1"), RegionName("ap-south-1"))
    controls = zip(names, (now, *more), strict=False)
    return Group(tuple(Control(name, found, (BEFORE,)) for name, found in controls))


def of(gate: str, expected: Expectation, seen: RegionSample) -> Verdict:
    (verdict,) = (v for v in judge(expected, seen) if v.gate == gate)
    return verdict


STILL_WELL = replace(BEFORE, at=NOW, runs=600)


@pytest.mark.parametrize(
    ("gate", "seen", "elsewhere"),
    [
        ("failures", FAILING, replace(STILL_WELL, failures=60)),
        ("dead_letters", DYING, replace(STILL_WELL, dead_letters=30)),
        ("dead_letters", DYING, replace(STILL_WELL, failures=60)),
        ("backlog", PILING, replace(STILL_WELL, backlog=900)),
        ("heartbeat", look(beats=()), replace(STILL_WELL, healthy=0)),
    ],
)
def test_what_rises_where_the_release_is_not_is_not_the_release(
    gate: str, seen: RegionSample, elsewhere: Measure
) -> None:
    alone = of(gate, replace(wanted(), is_baking=True), seen)
    compared = of(gate, replace(wanted(), is_baking=True, group=beside(elsewhere)), seen)
    others_well = of(gate, replace(wanted(), is_baking=True, group=beside(STILL_WELL)), seen)

    assert alone.status is others_well.status is Status.FAIL
    assert (compared.status, compared.is_decided) == (Status.INCONCLUSIVE, True)
    assert compared.reason.startswith("not the release: ")
    assert "us-west-1" in compared.reason
    # At once, and never as a failure: only a failure is rolled back by itself.
    assert settle((compared,), is_over=False) is Status.INCONCLUSIVE


def test_a_few_failures_elsewhere_excuse_no_release_that_fails_much_more() -> None:
    little = replace(STILL_WELL, failures=10)  # one in thirty
    much = look(beats=(beat("i-0", runs=50, failures=40), beat("i-1", runs=50, failures=40)))

    assert of("failures", replace(wanted(), group=beside(little)), much).status is Status.FAIL


def test_one_region_that_rises_is_weighed_with_all_that_do_not() -> None:
    rising = replace(STILL_WELL, failures=60)
    well = replace(STILL_WELL, runs=3300)

    assert of("failures", replace(wanted(), group=beside(rising, well)), FAILING).status is (
        Status.FAIL
    )


def test_a_window_that_was_full_already_still_shows_what_came_since() -> None:
    """Its number of runs does not grow: old ones leave it as new ones come."""
    full = replace(BEFORE, at=NOW - 5 * MINUTE, runs=900)
    now = replace(full, at=NOW, runs=900, failures=60)  # 60 of the 300 of five minutes
    group = Group((Control(RegionName("us-west-1"), now, (full,)),))

    verdict = of("failures", replace(wanted(), group=group), FAILING)

    assert verdict.status is Status.INCONCLUSIVE
    assert "60 of about 300 runs" in verdict.reason


def test_what_was_so_before_the_rollout_is_not_the_release() -> None:
    expected = replace(wanted(), before=replace(BEFORE, failures=45))

    verdict = of("failures", expected, FAILING)

    assert (verdict.status, verdict.is_decided) == (Status.INCONCLUSIVE, True)
    assert "before it, 45 of 300 runs failed" in verdict.reason


def test_a_release_that_makes_a_bad_thing_much_worse_fails() -> None:
    expected = replace(wanted(), before=replace(BEFORE, failures=33))
    worse = look(beats=(beat("i-0", runs=50, failures=40), beat("i-1", runs=50, failures=40)))

    assert of("failures", expected, worse).status is Status.FAIL


def test_regions_of_which_nothing_is_known_excuse_nothing() -> None:
    blind = beside(measure(look("x", "x", "x"), SILENT_AFTER))

    for gate, seen in (("failures", FAILING), ("dead_letters", DYING), ("backlog", PILING)):
        expected = replace(wanted(), is_baking=True, group=blind)
        assert of(gate, expected, seen).status is Status.FAIL


def test_dead_letters_after_a_rollback_are_those_of_the_release_that_was_taken_back() -> None:
    verdict = of("dead_letters", replace(wanted(), is_rollback=True), DYING)

    assert verdict.status is Status.PASS
    assert verdict.measured == "13 new"
    assert "taken back" in verdict.reason


def test_age_alone_never_decides() -> None:
    """AWS leaves jobs that were received three times out of it, and a backlog may be older."""
    old = look(queue=QueueSample(10, 2, 7, timedelta(hours=3)))
    verdicts = judge(wanted(), old)

    assert settle(verdicts, is_over=False) is Status.WAIT
    assert settle(verdicts, is_over=True) is Status.INCONCLUSIVE
    baking = judge(replace(wanted(), is_baking=True), old)
    assert settle(baking, is_over=False) is Status.WAIT


def test_a_dry_run_decides_nothing() -> None:
    failed = Verdict("smoke", Status.FAIL, "1", "0", is_dry=True)
    passed = Verdict("instances", Status.PASS, "1", "1")

    assert settle((failed, passed), is_over=False) is Status.PASS
    assert settle((replace(failed, is_dry=False), passed), is_over=False) is Status.FAIL


def test_a_gate_has_a_deadline_of_its_own() -> None:
    waits = (Verdict("backlog", Status.WAIT, "3", "2"), Verdict("failures", Status.WAIT, "", ""))

    assert settle(waits, is_over=False, late={"oldest"}) is Status.WAIT
    assert settle(waits, is_over=False, late={"backlog"}) is Status.FAIL
