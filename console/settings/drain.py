"""What is a worker given before its instance goes?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import Field

from console.settings.fields import Section, Span, Text
from console.settings.findings import Complaint
from console.settings.salvage import Values

_WHOLE = timedelta(seconds=1)


class Drain(Section):
    """What a worker is given before its instance goes, so that its jobs are finished there."""

    grace: Span | None = Field(default=None, examples=["90s"])
    """Time from the stop signal to the kill, in which a worker finishes its jobs or gives them
    back: the variable stop_grace_seconds of the Terraform root. It is in the user data, so that an
    instance has it from its next release on. By default what the root says."""
    command: tuple[Text, ...] = Field(
        default=(), examples=[["sudo", "docker", "stop", "-t", "600", "worker"]]
    )
    """Command for jobs that are longer than EC2 waits for a shutdown. Run over SSH on an instance
    that is to go, once its replacement is proven, or before a scale destroys it. It has to tell the
    worker to take nothing more, and to end when nothing is in flight there."""
    within: Span = timedelta(minutes=5)
    """Time that the command has. After it the instance goes all the same, with the stop signal: a
    job that is cut off is shown again by the queue."""
    longest_job: Span | None = Field(default=None, examples=["60s"])
    """How long one job may take. With it, every rollout and doctor warn where a worker that goes
    has less time, or where the queue shows a job again before it is done."""


def drain_complaints(values: Values) -> Iterator[Complaint]:
    """Yield what is wrong with the time that a worker is given."""
    ssh = values.get("readiness.ssh")
    if values.get("drain.command") and ssh is False:
        yield Complaint(
            ("drain", "command"),
            "is run over SSH, and readiness.ssh: false says that there is none; leave it out and "
            "write drain.grace",
        )
    if values.get("drain.command") and values.get("readiness.heartbeat") is False:
        yield Complaint(
            ("drain", "command"),
            "is run once a replacement has proven itself, and readiness.heartbeat: false asks for "
            "no proof; write heartbeat: true",
        )
    grace = values.get("drain.grace")
    if grace is None:
        return
    if grace % _WHOLE:
        yield Complaint(("drain", "grace"), "is no whole number of seconds; write one such as 90s")
    if "stop_grace_seconds" in values.get("terraform.variables", ()):
        yield Complaint(
            ("terraform", "variables", "stop_grace_seconds"),
            "says once more what drain.grace says; leave one of them out",
        )
