"""What a program reads of a region in `status --json`: what nobody can tell is null, no zero."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.commands.census import Census, as_data, as_text
from console.commands.status import is_seen
from console.domain.fleet import (
    InstanceId,
    RegionSample,
    RegionState,
    SlotIndex,
    StateObject,
    UnitName,
)
from console.domain.observations import RegionSurvey
from console.domain.policy import Policy, RegionSpec, Unit
from console.domain.recovery.assembly import situation_of
from console.domain.recovery.lineage import Lineage
from console.domain.view import FleetView, view_region

from .looks import EU, NEW, NOW, look, machine

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
    unseen = frozenset() if is_seen(sample) else frozenset({EU})
    return Census(FleetView("checks", "test", (view,)), {EU: situation}, unseen)


def told(of: Census) -> dict[str, Any]:
    """Return what `status --json` tells of the region."""
    region: dict[str, Any] = as_data(of, None, None, NOW)["regions"][EU]
    return region


def test_a_region_that_answers_tells_how_many_are_healthy() -> None:
    region = told(census(STATE, look((machine("i-0", 0),))))

    assert (region["healthy"], region["desired"], region["error"]) == (1, 1, None)
    assert [found["health"] for found in region["objects"]] == ["healthy"]


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
