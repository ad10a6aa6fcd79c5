"""Terraform's words, and what they are taken to mean."""

from __future__ import annotations

import json

import pytest

from console.adapters.terraform.diagnostics import Diagnostic, failure_of, read_human
from console.adapters.terraform.stream import Stream, parse_line
from console.domain.failure import FailureKind
from console.domain.fleet import UnitName
from console.engine.ports import Progress, ProgressKind

UNIT = UnitName("eu-west-1")

FRAMED = """
╷
│ Error: Failed to get existing workspaces
│
│ S3 bucket "states" does not exist.
│
│ Original Error: NoSuchBucket
╵
╷
│ Error: another one
╵
"""


def line(kind: str, **more: object) -> str:
    return json.dumps({"@level": "info", "@message": "a message", "type": kind} | more)


def test_progress_is_read_from_a_line() -> None:
    hook = {"resource": {"addr": "a.b[0]"}, "action": "create", "elapsed_seconds": 10}
    assert parse_line(line("apply_progress", hook=hook), UNIT) == Progress(
        ProgressKind.RUNNING, "a message", UNIT, "a.b[0]", "create", 10
    )


def test_what_a_provisioner_prints_is_output() -> None:
    hook = {"resource": {"addr": "a.b[0]"}, "provisioner": "remote-exec", "output": "[/] hello"}
    told = parse_line(line("provision_progress", hook=hook))
    assert told == Progress(ProgressKind.OUTPUT, "[/] hello", None, "a.b[0]", "provision")


@pytest.mark.parametrize(
    "rubbish",
    ["", "no JSON", "[]", "null", "{}", '{"type": 3}', '{"type": "apply_start", "hook": 5}', "{"],
)
def test_rubbish_is_taken_without_a_word(rubbish: str) -> None:
    Stream(UNIT, lambda _: None).hear(rubbish)


def test_a_warning_is_no_error() -> None:
    told = {"severity": "warning", "summary": "x", "detail": ""}
    assert parse_line(line("diagnostic", diagnostic=told)) is None


def test_errors_for_people_are_read_too() -> None:
    first, second = read_human(FRAMED)
    assert first.summary == "Failed to get existing workspaces"
    assert first.detail.startswith('S3 bucket "states" does not exist.')
    assert second == Diagnostic("another one")


def test_a_failure_names_step_error_address_and_number() -> None:
    errors = [Diagnostic("it broke", "in detail\nand more", "a.b[0]"), Diagnostic("that too")]
    failure = failure_of("apply of eu-west-1", errors, exit_code=1)
    assert failure.message == (
        "apply of eu-west-1: it broke at a.b[0], and 1 more errors. in detail"
    )
    assert failure.evidence == "it broke (a.b[0])\nin detail\nand more\n\nthat too"


def test_no_reason_at_all_is_said_to_be_none() -> None:
    failure = failure_of("plan of x", [], exit_code=1)
    assert failure.message == "plan of x: Terraform ended with exit code 1: told no reason"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("api error ExpiredToken: The security token included is expired", "log in again"),
        ("InsufficientInstanceCapacity: We do not have enough", "instance_type"),
        ("VcpuLimitExceeded: You have requested more vCPU", "rollout.batch"),
        ('S3 bucket "x" does not exist.', "terraform.backend"),
        ("Failed to query available provider packages", "terraform.plugin_dir"),
        ("No valid credential sources found", "AWS_PROFILE"),
        ("UnauthorizedOperation: You are not authorized", "role"),
        ("timeout - last error: dial tcp 10.0.0.1:22: connection refused", "console output"),
    ],
)
def test_well_known_errors_carry_a_hint(text: str, hint: str) -> None:
    failure = failure_of("apply of x", [Diagnostic("creating EC2 Instance", text)], exit_code=1)
    assert failure.kind is FailureKind.FAILED
    assert hint in failure.hint


def test_halted_is_interrupted_whoever_sent_the_signal() -> None:
    errors = [Diagnostic("local-exec provisioner error"), Diagnostic("execution halted")]
    assert failure_of("apply of x", errors, exit_code=1).kind is FailureKind.INTERRUPTED


def test_a_signal_that_the_console_sent_is_interrupted() -> None:
    failure = failure_of("apply of x", [], exit_code=1, was_interrupted=True)
    assert failure.kind is FailureKind.INTERRUPTED


def test_a_lock_that_could_not_be_asked_for_is_no_held_lock() -> None:
    detail = "Error message: operation error S3: PutObject, api error NoSuchBucket: it is gone"
    failure = failure_of(
        "plan of x", [Diagnostic("Error acquiring the state lock", detail)], exit_code=1
    )
    assert failure.kind is FailureKind.FAILED
    assert "bucket" in failure.hint
