"""What does a person read before a state lock is taken from whoever holds it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.fleet import StateLock
from console.domain.recovery.advice import Option, advise
from console.domain.recovery.confirmation import confirm_move
from console.domain.recovery.held import held
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Liveness, Serial, Situation

from .situations import AT_REST, LOOKED, MOVING, SILENT, deposed, region, tainted

LOCK = StateLock("3f0c", "runner@ci-17", "apply", LOOKED - timedelta(minutes=13))


def locked(holder: Liveness, serial: Serial | None = AT_REST, lock: StateLock = LOCK) -> Situation:
    situation = region(tainted(0, SILENT), deposed(0))
    return replace(situation, lock=lock, holder=holder, serial=serial)


def unlock(situation: Situation) -> Option:
    return advise(situation).option(Remedy.UNLOCK)


def test_holder_operation_and_age_are_told() -> None:
    first, *_ = held(locked(Liveness.DEAD))

    assert first == "Held by runner@ci-17 for apply, since 2026-01-02 16:47:00 UTC (14:00 ago)."


def test_what_a_lock_does_not_tell_is_left_out() -> None:
    untold = replace(LOCK, operation="", since=None)
    lines = held(locked(Liveness.DEAD, serial=None, lock=untold))

    assert lines[0] == "Held by runner@ci-17, since nobody knows when."
    assert len(lines) == 2


def test_without_a_lock_there_is_nothing_to_tell() -> None:
    assert held(region(tainted(0, SILENT))) == ()


@pytest.mark.parametrize(
    ("holder", "told"),
    [
        (Liveness.ALIVE, "That Terraform lives"),
        (Liveness.DEAD, "That Terraform is dead"),
        (Liveness.UNKNOWN, "cannot be told: look which ones run on this machine"),
        (Liveness.ELSEWHERE, "where that is a CI runner, look whether its job still runs"),
    ],
)
def test_whether_its_holder_lives_is_told_as_far_as_that_is_seen(
    holder: Liveness, told: str
) -> None:
    _, life, _ = held(locked(holder))

    assert told in life
    assert ("ci-17" in life) is (holder is Liveness.ELSEWHERE)


@pytest.mark.parametrize(
    ("serial", "told"),
    [
        (AT_REST, "serial, 41, has not moved since 17:00:00 UTC"),
        (MOVING, "serial has moved from 41 to 42 at 17:01:03 UTC: somebody writes it"),
        (Serial(7, LOOKED, LOOKED), "serial is 7; nobody has looked twice"),
        (MOVING.then(42, LOOKED + timedelta(hours=1)), "serial, 42, has not moved since 17:01:03"),
    ],
)
def test_whether_the_state_is_written_is_told(serial: Serial, told: str) -> None:
    assert told in held(locked(Liveness.ELSEWHERE, serial))[-1]


@pytest.mark.parametrize("holder", [Liveness.UNKNOWN, Liveness.ELSEWHERE])
def test_the_question_claims_nothing_of_a_holder_that_nobody_can_see(holder: Liveness) -> None:
    situation = locked(holder)

    asked = confirm_move(unlock(situation), situation, "checks", None)

    assert set(held(situation)) <= set(asked.consequences)
    assert "dead" not in "\n".join(asked.consequences)
    assert asked.typed == "3f0c"


def test_no_other_question_tells_of_a_lock() -> None:
    situation = replace(locked(Liveness.DEAD), lock=None)
    option = advise(situation).option(Remedy.RESTORE)

    asked = confirm_move(option, situation, "checks", None)

    assert not any("serial" in line for line in asked.consequences)


def test_a_yes_is_to_a_state_that_nobody_has_written_since() -> None:
    before, after = locked(Liveness.DEAD), locked(Liveness.DEAD, Serial(42, LOOKED, LOOKED))

    move = unlock(before).move(before)

    assert (move.lock, move.serial) == ("3f0c", 41)
    assert unlock(after).may_be_made
    assert unlock(after).move(after) != move
