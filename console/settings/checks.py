"""Do the settings fit together?

Each check reads values by dotted key and leaves out what it cannot know: a value that is wrong by
itself is complained of elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from console.settings.drain import drain_complaints
from console.settings.findings import Complaint, quoted
from console.settings.heartbeat_checks import source_complaints
from console.settings.image import Builder
from console.settings.notify import notify_complaints
from console.settings.salvage import Values
from console.settings.screen import screen_complaints
from console.settings.terraform import Layout
from console.settings.waves import wave_complaints

GIVEN_BY_CONSOLE = ("fleet", "region", "slots")
"""Terraform variables that no setting may override: the console decides them for every plan."""

FINEST_INTERVAL = timedelta(seconds=1)
"""CloudWatch stores nothing finer."""


def image_complaints(values: Values) -> Iterator[Complaint]:
    """Yield what is wrong between the builder and its directories."""
    builder, directory = values.get("image.builder"), values.get("image.directory")
    if builder is Builder.DIRECTORY and directory is None:
        yield Complaint(
            ("image", "directory"),
            "is missing; builder: directory needs the directory that it keeps its images in",
        )
    if builder is Builder.DOCKER and directory is not None:
        yield Complaint(
            ("image", "directory"),
            "has no meaning with builder: docker; leave it out, or write builder: directory",
        )


def layout_complaints(values: Values) -> Iterator[Complaint]:
    """Yield what is wrong between the layout, the resource's address and the state's key."""
    layout, resource = values.get("terraform.layout"), str(values.get("terraform.resource", ""))
    key = str(values.get("terraform.backend.key", ""))
    has_backend = any(name.startswith("terraform.backend.") for name in values)
    if layout is Layout.SINGLE_ROOT and resource and "{region}" not in resource:
        yield Complaint(
            ("terraform", "resource"),
            "must contain {region} with layout: single-root, which has a module block for each "
            "region; write it such as module.workers-{region}.aws_instance.worker",
        )
    if layout is Layout.SINGLE_ROOT and "{region}" in key:
        yield Complaint(
            ("terraform", "backend", "key"),
            "must not contain {region} with layout: single-root, which has one state; write the "
            "key of that state, or layout: per-region",
        )
    if layout is Layout.PER_REGION and key and "{region}" not in key:
        yield Complaint(
            ("terraform", "backend", "key"),
            "must contain {region} with layout: per-region, or all regions would share one state; "
            "write it such as workers/{region}.tfstate",
        )
    if layout is Layout.PER_REGION and resource and not has_backend:
        yield Complaint(
            ("terraform", "backend"),
            "is missing; layout: per-region needs it to keep a state for each region: write "
            "bucket, key (with {region} in it) and region",
        )


def variable_complaints(values: Values) -> Iterator[Complaint]:
    """Yield the variables that are not the settings' to give."""
    for name in values.get("terraform.variables", ()):
        if name in GIVEN_BY_CONSOLE:
            yield Complaint(
                ("terraform", "variables", name),
                "is given by the console itself for every plan; leave it out",
            )


def queue_complaints(values: Values) -> Iterator[Complaint]:
    """Yield the queues that stand for two things."""
    seen: dict[str, str] = {}
    for key in ("work", "results", "dead_letter"):
        name = values.get(f"queues.{key}")
        if name is None:
            continue
        if name in seen:
            yield Complaint(
                ("queues", key),
                f"is the same queue as queues.{seen[name]}; name another",
            )
        seen.setdefault(name, key)


def heartbeat_complaints(values: Values) -> Iterator[Complaint]:
    """Yield the times around heartbeats by which no instance could ever be found healthy."""
    interval = values.get("heartbeat.interval")
    silent_after, window = values.get("heartbeat.silent_after"), values.get("heartbeat.window")
    if interval is not None and interval < FINEST_INTERVAL:
        yield Complaint(
            ("heartbeat", "interval"),
            "is finer than CloudWatch stores; write 1s or more",
        )
    elif interval is not None and interval % FINEST_INTERVAL:
        yield Complaint(
            ("heartbeat", "interval"),
            "is no whole number of seconds, which workers are told it in; write one such as 2s",
        )
    if interval and silent_after and silent_after < 2 * interval:
        yield Complaint(
            ("heartbeat", "silent_after"),
            "is less than two heartbeats, so that a late one would look like a dead instance; "
            "write at least twice heartbeat.interval",
        )
    if silent_after and window and window < silent_after:
        yield Complaint(
            ("heartbeat", "window"),
            "is shorter than heartbeat.silent_after; write at least as much",
        )
    for section in ("gates.heartbeat", "gates.completions", "readiness"):
        within = values.get(f"{section}.within")
        if interval and within and within < interval:
            yield Complaint(
                (*section.split("."), "within"),
                "is shorter than heartbeat.interval, so that no heartbeat could come in time; "
                "write a longer time",
            )


def proof_complaints(values: Values) -> Iterator[Complaint]:
    """Yield what leaves a new instance, or a gate, without a proof."""
    ssh, heartbeat = values.get("readiness.ssh"), values.get("readiness.heartbeat")
    completions = values.get("readiness.completions")
    if ssh is False and heartbeat is False:
        yield Complaint(
            ("readiness",),
            "asks for no proof at all, so that a dead instance could replace a working one; "
            "write heartbeat: true",
        )
    elif heartbeat is False and completions:
        yield Complaint(
            ("readiness", "completions"),
            "cannot be counted with readiness.heartbeat: false, since finished jobs come with the "
            "heartbeats; write 0, or heartbeat: true",
        )


def gate_complaints(data: object) -> Iterator[Complaint]:
    """Yield the gates that are asked for and measure nothing."""
    gates = data.get("gates") if isinstance(data, dict) else None
    backlog = gates.get("backlog") if isinstance(gates, dict) else None
    if isinstance(backlog, dict) and all(value is None for value in backlog.values()):
        yield Complaint(
            ("gates", "backlog"),
            "measures nothing; write per_worker or oldest, or leave the gate out",
        )


def age_complaints(values: Values) -> Iterator[Complaint]:
    """Yield an age that would have to decide alone.

    AWS leaves jobs that were received three times out of it: a release that fails every job
    can show a healthy age.
    """
    others = ("dead_letters.max_new", "completions.min_per_instance", "failures.max_ratio")
    if values.get("gates.backlog.oldest") is None:
        return
    if all(values.get(f"gates.{gate}") is None for gate in others):
        yield Complaint(
            ("gates", "backlog", "oldest"),
            "would decide alone, and an age looks good while every job fails; write one of the "
            "gates dead_letters, completions or failures too",
        )


def probe_complaints(values: Values) -> Iterator[Complaint]:
    """Yield the gates of one kind that have one name: verdicts are told apart by it."""
    named = {
        "alarms": [alarm.told for alarm in values.get("gates.alarms", ())],
        "commands": [command.name for command in values.get("gates.commands", ())],
        "http": [http.name for http in values.get("gates.http", ())],
    }
    for kind, names in named.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Complaint(
                    ("gates", kind, index),
                    f"has the name of another one, {quoted(name)}; name it otherwise",
                )


def complaints_of(values: Values, data: object) -> Iterator[Complaint]:
    """Yield everything that does not fit together.

    Args:
        values: The good settings by dotted key.
        data: The settings as they were read, to see what was written at all.
    """
    yield from wave_complaints(values, data)
    yield from image_complaints(values)
    yield from layout_complaints(values)
    yield from variable_complaints(values)
    yield from queue_complaints(values)
    yield from heartbeat_complaints(values)
    yield from source_complaints(values, data)
    yield from proof_complaints(values)
    yield from drain_complaints(values)
    yield from gate_complaints(data)
    yield from age_complaints(values)
    yield from notify_complaints(values)
    yield from probe_complaints(values)
    yield from screen_complaints(values)
