"""What is a world asked to be, and what has it become?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import console.sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLE_WORKER = Path(console.sandbox.__file__).parent / "worker"
"""The build context of the sample worker."""

PROCESSES = "processes"
CONTAINERS = "containers"
"""What instances are: processes of this machine, or containers of its Docker Engine."""

AUTO = "auto"
"""What they may be asked to be: containers where that works."""


@dataclass(frozen=True, slots=True)
class QueueNames:
    """The queues of each region, by name."""

    work: str = "checks"
    results: str = "results"
    dead_letter: str = "checks-dlq"


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """What a world is asked to be."""

    directory: Path
    terraform_root: Path
    """The root module that config.yaml names, absolute."""
    layout: str = "per-region"
    """How that root divides regions and states: per-region or single-root."""
    regions: Mapping[str, int] = field(
        default_factory=lambda: {"us-east-1": 1, "us-west-1": 3, "eu-west-1": 2}
    )
    """Instances in each region; the first region is the canary."""
    rate: float = 3.0
    """Jobs a second in each region; 0 sends none."""
    job_time: timedelta = timedelta(seconds=0.3)
    boot_delay: timedelta = timedelta(seconds=1)
    """From a running instance to its launcher."""
    stop_grace: timedelta = timedelta(seconds=20)
    """From SIGTERM to SIGKILL."""
    heartbeat_interval: timedelta = timedelta(seconds=2)
    port: int = 0
    """Port of the AWS endpoint; SQS takes the next one, SSH the one after, and the image registry
    the one after that. 0: any free ones."""
    fleet: str = "browser-check-worker"
    queues: QueueNames = QueueNames()
    first_release: str = "0.9.0"
    context: Path = SAMPLE_WORKER
    instances: str = PROCESSES
    """What instances are: `PROCESSES` or `CONTAINERS`."""
    instances_why: str = ""
    """Why they are that; empty where it was asked for."""
    engine: str = ""
    """URL of the Docker Engine, unix://...; empty where instances are processes."""
    base_image: str = ""
    """What the sample worker's image is built on; empty where instances are processes."""
    prometheus: str = ""
    """URL of the Prometheus that has the heartbeats; empty where CloudWatch has them."""

    def to_json(self) -> str:
        """As text, for the supervisor's process."""
        return json.dumps(asdict(self), default=_encode, indent=1)

    @classmethod
    def from_json(cls, text: str) -> WorldSpec:
        """The opposite of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        for name in ("directory", "terraform_root", "context"):
            fields[name] = Path(fields[name])
        for name in ("job_time", "boot_delay", "stop_grace", "heartbeat_interval"):
            fields[name] = timedelta(seconds=fields[name])
        fields["queues"] = QueueNames(**fields["queues"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class RunningWorld:
    """A world that runs."""

    directory: Path
    pid: int
    started: float
    """When the supervisor's process was created, seconds since 1970, to tell it from a later
    process of the same number."""
    aws_endpoint: str
    sqs_endpoint: str
    ssh_port: int
    regions: Mapping[str, int]
    spec: WorldSpec
    registry: str = ""
    """`host:port` of its image registry; empty where instances are processes."""

    def to_json(self) -> str:
        """As text, for other processes."""
        fields = {**asdict(self), "spec": json.loads(self.spec.to_json())}
        return json.dumps(fields, default=_encode, indent=1)

    @classmethod
    def from_json(cls, text: str) -> RunningWorld:
        """The opposite of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        fields["directory"] = Path(fields["directory"])
        fields["spec"] = WorldSpec.from_json(json.dumps(fields["spec"]))
        return cls(**fields)


def _encode(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)
