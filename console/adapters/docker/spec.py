"""What do the settings say of the image?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from console.adapters.docker.reference import Reference


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """The image of a fleet, and how it is made."""

    repository: str
    """May hold `{region}`: then each region pulls from its own registry."""
    regions: tuple[str, ...]
    """The regions of the rollout; the first is where the image is pushed to."""
    context: Path | None = None
    """The build context; None where only images that are there can be shipped."""
    dockerfile: str = "Dockerfile"
    """Its path within the context."""
    args: Mapping[str, str] = field(default_factory=dict)
    """Build arguments."""
    target: str | None = None
    """The stage to build; None for the last."""
    platform: str | None = None
    """None for the engine's own."""
    test: tuple[str, ...] = ()
    """Command to run in the built image, or empty."""
    test_within: timedelta = timedelta(minutes=10)
    reuse: bool = False
    """Whether an image of the same revision is taken in place of a new build."""
    replicated_within: timedelta = timedelta(minutes=10)
    """How long the registries of the other regions have to get the digest."""
    profile: str | None = None
    """The AWS profile that ECR is asked with."""

    @property
    def everywhere(self) -> Reference:
        """The repository as the settings have it, for all regions."""
        return Reference(self.repository)

    @property
    def home(self) -> Reference:
        """The repository that is pushed to."""
        return self.everywhere.in_region(self.regions[0])
