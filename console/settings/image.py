"""Which image does the fleet run, and how is it made?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from console.domain.release import REGION
from console.settings.fields import Flag, Section, Span, Text, VariableName
from console.settings.locations import FilePath

# The grammar of a repository, from the distribution specification: host[:port]/path, lower case.
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
_REPOSITORY = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/v[0-9]+)?")


class Builder(StrEnum):
    """Who makes the image."""

    DOCKER = "docker"
    """A Docker Engine."""
    DIRECTORY = "directory"
    """The console itself, into a directory; what the sandbox runs where no Docker is."""


def _repository(text: str) -> str:
    if _REPOSITORY.fullmatch(text.replace(REGION, "region")):
        return text
    name = text.rpartition("/")[2]
    if "@" in name or ":" in name:
        raise ValueError("a reference with a tag or a digest; name the repository alone")
    raise ValueError(
        "no repository; write one such as registry.example.com/checks/launcher, in lower case"
    )


def _within(text: str) -> str:
    parts = text.split("/")
    if text.startswith("/") or ".." in parts or not all(parts):
        raise ValueError("no path within the context; write one such as docker/Dockerfile")
    return text


def _platform(text: str) -> str:
    if not _PLATFORM.fullmatch(text):
        raise ValueError("no platform; write one such as linux/amd64")
    return text


class Image(Section):
    """The image of the workers: where it is kept and how it is built and tested."""

    repository: Annotated[str, AfterValidator(_repository)] = Field(
        examples=["registry.example.com/checks/browser-checks-launcher"]
    )
    """Repository that the image is pushed to, without a tag; the label of the release becomes the
    tag. With {region} in it each region pulls from its own; the image is pushed to that of the
    first region, and the registry itself has to replicate it to the others."""
    builder: Builder = Builder.DOCKER
    """Who builds the image: docker (a Docker Engine) or directory (the console itself, for the
    sandbox where no Docker runs)."""
    context: FilePath | None = Field(default=None, examples=["../worker"])
    """Directory to build from. Looked for beside this file, then in the current directory.
    Without it only images that are already pushed can be shipped, with --image."""
    directory: FilePath | None = Field(default=None, examples=["images"])
    """Directory that the directory builder keeps its images in, relative to this file. Needed with
    builder: directory, and only there."""
    dockerfile: Annotated[str, AfterValidator(_within)] = Field(
        default="Dockerfile", examples=["docker/Dockerfile"]
    )
    """Path of the Dockerfile within the context."""
    build_args: Mapping[VariableName, str] = Field(
        default_factory=dict, examples=[{"NODE_VERSION": "22"}]
    )
    """Build arguments. They can be read from the image: none of them may be a secret."""
    target: Text | None = Field(default=None, examples=["release"])
    """Stage of the Dockerfile to build; by default the last."""
    platform: Annotated[str, AfterValidator(_platform)] | None = Field(
        default=None, examples=["linux/amd64"]
    )
    """Platform to build for, such as linux/arm64; by default that of the Docker Engine."""
    test: tuple[Text, ...] = Field(default=(), examples=[["npm", "test"]])
    """Command that is run in the built image before the push; it has to exit with 0. Empty: no
    test."""
    test_within: Span = timedelta(minutes=10)
    """How long the test may take; then it is killed, and has failed."""
    reuse: Flag = False
    """Take an image that was built from the same revision before, in place of a new build. Only for
    a work tree without changes."""
    replicated_within: Span = timedelta(minutes=10)
    """With {region} in the repository: how long the registries of the other regions have to get the
    image, before the first region changes."""
