"""Every gate against every way in which data can be missing, late, foreign or wrong.

Four answers (pass, wait, fail, inconclusive) by five troubles: no data, late data, data from the
old release only, an error of the probe, and clocks that differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from console.domain.fleet import QueueSample, RegionSample
from console.domain.gates import Expectation, Status, judge

from .looks import GATES, OLD, SILENT_AFTER, beat, look, machine, wanted

P, W, F, N = Status.PASS, Status.WAIT, Status.FAIL, Status.INCONCLUSIVE
LATE = SILENT_AFTER + timedelta(seconds=1)
AHEAD = -timedelta(seconds=3)
FAR_AHEAD = -SILENT_AFTER - timedelta(seconds=1)


@dataclass(frozen=True)
class Trouble:
    """What is seen, and what each gate says of it while verifying and while baking."""

    what: str
    seen: RegionSample
    verifying: tuple[Status, ...]
    """In the order of GATES."""
    baking: tuple[Status, ...]


TABLE = [
    Trouble("all is well", look(), (P, P, P, P, P, P, P), (P, P, P, P, P, P, P)),
    Trouble(
        "no data: nobody has beaten, no queue was counted",
        look(beats=(), queue="no datum"),
        (P, W, W, N, N, N, W),
        (P, F, W, N, N, N, W),
    ),
    Trouble(
        "no data: EC2 names no instance",
        look(instances=()),
        (W, W, W, P, P, P, W),
        (F, F, W, P, P, P, W),
    ),
    Trouble(
        "late data: the newest beats are too old",
        look(beats=(beat("i-0", age=LATE), beat("i-1", age=LATE))),
        (P, W, W, P, P, P, W),
        (P, F, W, P, P, P, W),
    ),
    Trouble(
        "late data: an age that CloudWatch does not have yet",
        look(queue=QueueSample(10, 2, 7, None)),
        (P, P, P, P, N, P, P),
        (P, P, P, P, N, P, P),
    ),
    Trouble(
        "data from the old release only",
        look(
            (machine("i-0", 0, OLD), machine("i-1", 1, OLD)),
            (beat("i-0", "0.9.0"), beat("i-1", "0.9.0")),
        ),
        (W, W, W, P, P, P, W),
        (F, F, W, P, P, P, W),
    ),
    Trouble(
        "data from the old release only, and it fails",
        look(beats=(beat("i-0", "0.9.0", failures=9), beat("i-1", "0.9.0", failures=9))),
        (P, W, W, P, P, P, W),
        (P, F, W, P, P, P, W),
    ),
    Trouble(
        "the probe of the heartbeats fails",
        look(beats="Throttling"),
        (P, N, N, P, P, P, N),
        (P, N, N, P, P, P, N),
    ),
    Trouble(
        "the probe of the queue fails",
        look(queue="AccessDenied"),
        (P, P, P, N, N, N, P),
        (P, P, P, N, N, N, P),
    ),
    Trouble(
        "every probe fails", look("down", "down", "down"), (N, N, N, N, N, N, N), (N,) * len(GATES)
    ),
    Trouble(
        "clocks differ a little: a beat from the near future",
        look(beats=(beat("i-0", age=AHEAD), beat("i-1", age=AHEAD))),
        (P, P, P, P, P, P, P),
        (P, P, P, P, P, P, P),
    ),
    Trouble(
        "clocks differ much: a beat that would never grow old",
        look(beats=(beat("i-0", age=FAR_AHEAD), beat("i-1", age=FAR_AHEAD))),
        (P, W, W, P, P, P, W),
        (P, F, W, P, P, P, W),
    ),
    Trouble(
        "too many jobs fail, wait and die",
        look(
            beats=(beat("i-0", failures=5), beat("i-1", failures=5)),
            queue=QueueSample(999, 2, 99, timedelta(minutes=9)),
        ),
        (P, P, P, W, W, F, F),
        (P, P, P, F, W, F, F),
    ),
]


@pytest.mark.parametrize("is_baking", [False, True], ids=["verifying", "baking"])
@pytest.mark.parametrize("trouble", TABLE, ids=lambda trouble: trouble.what)
def test_a_gate_says_what_the_table_says(trouble: Trouble, *, is_baking: bool) -> None:
    expected: Expectation = replace(wanted(), is_baking=is_baking)

    told = {verdict.gate: verdict.status for verdict in judge(expected, trouble.seen)}

    wanted_of = trouble.baking if is_baking else trouble.verifying
    assert told == dict(zip(GATES, wanted_of, strict=True))


def test_the_table_has_every_answer_and_no_trouble_passes_a_gate_without_its_data() -> None:
    answers = {status for row in TABLE for status in (*row.verifying, *row.baking)}

    assert answers == set(Status)
    blind = next(row for row in TABLE if row.what == "every probe fails")
    assert P not in (*blind.verifying, *blind.baking)
