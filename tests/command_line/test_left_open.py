"""A rollout whose console is dead is told as left open, with the command that goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from console.domain import effects
from console.domain.commands import Approve
from console.domain.machine import begin, decide
from console.journal.lease import LeaseDesk
from console.journal.local import LocalJournal
from tests.rollout.world import OLD, PaperWorld, policy, started

from .console import Project

AWAY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"}


def left_in_plan(journal: LocalJournal) -> None:
    """Journal a rollout up to the plan of its first region."""
    world = PaperWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]})
    rules = policy(us_east_1=1, eu_west_1=2)
    decision = begin(started(rules), world.now)
    journal.append(decision.entries)
    while not any(isinstance(effect, effects.MakePlan) for effect in decision.effects):
        rollout = decision.rollout
        if decision.effects:
            answer = world.answer(decision.effects[0])
            assert answer is not None
            decision = decide(rollout, answer, world.now)
        else:
            decision = decide(rollout, Approve(rollout.waiting_for[0], "ada"), world.now)
        journal.append(decision.entries)


def a_dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def hold(journal: LocalJournal, pid: int) -> None:
    """Let the process `pid` of this machine hold the lease."""
    desk = LeaseDesk(journal)
    lease = desk.claim("ada@host", "1", "rolling out 0.9.1", datetime.now(UTC))
    desk.renew(replace(lease, pid=pid), datetime.now(UTC))


@pytest.fixture
def journal(project: Project) -> LocalJournal:
    """The project's journal, with a rollout in it that has no end."""
    journal = LocalJournal(project.directory / "config/.release-console", "checks")
    left_in_plan(journal)
    return journal


def told(project: Project, nobody: str) -> tuple[dict[str, Any], str]:
    """Return what status tells of the rollout, for machines and for a person."""
    data = project.run("status", "--json", AWS_ENDPOINT_URL=nobody, **AWAY)
    text = project.run("status", AWS_ENDPOINT_URL=nobody, **AWAY)
    rollout: dict[str, Any] = json.loads(data.stdout)["rollout"]
    return rollout, text.stdout


@pytest.mark.parametrize("has_lease", [True, False])
def test_a_dead_console_has_left_its_rollout_open(
    project: Project, journal: LocalJournal, nobody: str, *, has_lease: bool
) -> None:
    if has_lease:
        hold(journal, a_dead_process())

    rollout, text = told(project, nobody)

    assert (rollout["phase"], rollout["step"], rollout["region"]) == (
        "left_open",
        "plan",
        "us-east-1",
    )
    assert "left open in plan of us-east-1: release-console resume" in text


def test_a_living_console_runs_its_rollout(
    project: Project, journal: LocalJournal, nobody: str
) -> None:
    hold(journal, os.getpid())

    rollout, text = told(project, nobody)

    assert rollout["phase"] == "running"
    assert "left open" not in text
