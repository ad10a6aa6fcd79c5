"""What can be set?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, PrivateAttr

from console.domain.policy import OnFailure
from console.settings.drain import Drain
from console.settings.fields import Name, Positive, Section, Text, VariableName
from console.settings.fields import Region as RegionKey
from console.settings.heartbeat import Heartbeat
from console.settings.image import Image
from console.settings.locations import FilePath
from console.settings.notify import Address, NothingHappens
from console.settings.probes import AllGates
from console.settings.queues import Queues
from console.settings.rules import Readiness, Rollout
from console.settings.screen import Screen
from console.settings.terraform import Terraform


class Region(Section):
    """One region of the fleet."""

    count: Positive = Field(examples=[2])
    """Instances that the region shall have."""
    on_failure: OnFailure | None = None
    """What follows when this region fails; by default what rollout.on_failure says."""


class Aws(Section):
    """How AWS is reached, by the console and by Terraform alike."""

    profile: Text | None = None
    """AWS profile to use; by default what the environment says."""
    environment: Mapping[VariableName, str] = Field(
        default_factory=dict,
        repr=False,  # may hold keys
        examples=[{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}],
    )
    """Environment variables for AWS clients and for Terraform, on top of the console's own."""


class Settings(Section):
    """Settings of release-console: one fleet of workers and how releases go through it."""

    fleet: Name = Field(examples=["browser-check-worker"])
    """Name of the fleet: the Fleet tag of its instances and the dimension of their heartbeats."""
    environment: Name = Field(examples=["prod"])
    """Environment that the fleet serves, such as prod: the Env tag."""
    image: Image = Field(examples=[{"repository": "registry.example.com/checks/launcher"}])
    """The image of the workers: where it is kept and how it is built and tested."""
    terraform: Terraform = Field(examples=[{"root": "terraform/region"}])
    """The fleet's Terraform configuration and how the console drives it."""
    aws: Aws = Aws()
    """How AWS is reached, by the console and by Terraform alike."""
    regions: Mapping[RegionKey, Region] = Field(examples=[{"us-east-1": {"count": 1}}])
    """The fleet's regions, each with the number of its instances."""
    rollout: Rollout = Field(examples=[{"waves": [["us-east-1"]]}])
    """In which order regions change and how many at once, and what happens between."""
    queues: Queues = Field(
        examples=[{"work": "checks", "results": "results", "dead_letter": "checks-dlq"}]
    )
    """Names of the SQS queues, the same in every region."""
    heartbeat: Heartbeat = Heartbeat()
    """How an instance proves that it works."""
    readiness: Readiness = Readiness()
    """What a new instance must show before the one that it replaces may go."""
    drain: Drain = Drain()
    """What a worker is given before its instance goes, so that its jobs are finished there."""
    gates: AllGates = AllGates()
    """The checks that a region must pass after an apply. null switches a gate off."""
    nothing_happens: NothingHappens | None = NothingHappens()
    """When nothing happens in a region, so that somebody has to be called. null never calls."""
    notify: tuple[Address, ...] = Field(default=(), examples=[["${SLACK_WEBHOOK}"]])
    """Who is told how a rollout goes and where nothing happens: addresses that Apprise knows."""
    screen: Screen = Screen()
    """The console's screen: colours, keys, and whether it calls."""
    store: FilePath = Path(".release-console")
    """Directory of the journal and of what belongs to it, relative to this file."""

    _source: Path | None = PrivateAttr(default=None)

    @property
    def tool_logs(self) -> Path:
        """The directory of what Terraform printed, a file for each run."""
        return self.store / "terraform" / "logs"

    @property
    def source(self) -> Path | None:
        """The file that they were loaded from, absolute; None for settings made in code."""
        return self._source
