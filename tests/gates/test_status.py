"""What a program reads of a region in `status --json`: what nobody can tell is null, no zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from console.commands.census import Census, as_data, as_text
from console.domain.fleet import (
    InstanceId,
    RegionSample,
    RegionState,
    SlotIndex,
    SlotTarget,
    StateObject,
    UnitName,
)
from console.domain.observations import RegionSurvey
from console.domain.policy import Policy, RegionSpec, Unit
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.drift import Drift
from console.domain.recovery.lineage import Lineage
from console.domain.release import ImageRef, ReleaseLabel
from console.domain.view import FleetView, view_region

from .looks import EU, NEW, NOW, beat, look, machine

POLICY = Policy((RegionSpec(EU, 1, 1),), (Unit(UnitName(EU), 1, (EU,)),))
STATE = RegionState(
    9, "lineage", (StateObject("aws_instance.worker[0]", SlotIndex(0), InstanceId("i-0"), NEW),)
)
ALLOWANCE = timedelta(minutes=5)


def census(state: RegionState | None, sample: RegionSample) -> Census:
    """Return the census of a fleet of one region."""
    error = "" if state is not None else "AccessDenied: no s3:GetObject"
    survey = RegionSurvey(EU, state, sample, state_error=error)
    situation = situation_of(survey, Lineage(EU), POLICY, NOW, ALLOWANCE)
    view = view_region(
        EU, 1, state, sample,
        state_error=error or None, silent_after=POLICY.silent_after,
        boot_allowance=ALLOWANCE, now=NOW,
    )  # fmt: skip
    return Census(FleetView("checks", "test", (view,)), {EU: situation})


def told(of: Census) -> dict[str, Any]:
    """Return what `status --json` tells of the region."""
    region: dict[str, Any] = as_data(of, None, None, NOW)["regions"][EU]
    return region


def test_a_region_that_answers_tells_how_many_are_healthy() -> None:
    region = told(census(STATE, look((machine("i-0", 0),))))

    assert (region["healthy"], region["desired"], region["error"]) == (1, 1, None)
    assert [found["health"] for found in region["objects"]] == ["healthy"]


def test_the_jobs_of_the_last_minute_and_the_newest_one_are_told() -> None:
    working = replace(beat("i-0"), last_minute=3, worked_at=NOW - timedelta(seconds=20))
    of = census(STATE, look((machine("i-0", 0),), (working,)))

    (found,) = told(of)["objects"]

    assert (found["completions"], found["last_minute"], found["last_job_s"]) == (10, 3, 20)
    assert "beat 5 s ago, 3 jobs in the last minute" in "\n".join(as_text(of, None, None, NOW, ""))


def test_a_slot_that_was_changed_outside_the_console_is_told() -> None:
    of = census(STATE, look((machine("i-0", 0),)))
    known = SlotTarget(ReleaseLabel("0.9.0"), ImageRef("repo/worker@sha256:" + "a" * 64))
    drifted = replace(of.situations[EU], drift=(Drift(0, NEW, known, was_applied=True),))
    changed = replace(of, situations={EU: drifted})

    assert told(of)["drift"] is None
    assert told(changed)["drift"] == [
        {
            "slot": 0,
            "runs": NEW.release,
            "image": NEW.image,
            "known": "0.9.0",
            "known_image": known.image,
            "applied": True,
        }
    ]
    text = "\n".join(as_text(changed, None, None, NOW, ""))
    assert text.count("slot 0 runs 0.9.1 by its tag; this console last applied 0.9.0 there") == 1


@pytest.mark.parametrize("sample", [look("denied"), look((machine("i-0", 0),), "Throttling")])
def test_where_nobody_can_tell_what_works_that_is_null_and_no_outage(sample: RegionSample) -> None:
    of = census(STATE, sample)
    region = told(of)

    assert (region["healthy"], region["desired"]) == (None, 1)
    assert region["error"]
    assert [found["health"] for found in region["objects"]] == [None]
    text = "\n".join(as_text(of, None, None, NOW, ""))
    assert "nobody can tell how many of 1 are healthy" in text
    assert "0 of 1" not in text
    assert "health unknown" in text


def test_a_state_that_cannot_be_read_hides_no_worker_that_beats() -> None:
    region = told(census(None, look((machine("i-0", 0),))))

    assert region["healthy"] == 1
    assert "AccessDenied" in region["error"]
