"""What is shipped?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

ReleaseLabel = NewType("ReleaseLabel", str)
Digest = NewType("Digest", str)
ImageRef = NewType("ImageRef", str)

# The grammar of a tag, from the OCI distribution specification; a label becomes one.
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

REGION = "{region}"
"""Stands in a repository's name where each region has a registry of its own."""


class ReleaseError(ValueError):
    """A label or an image reference that cannot name a release; the message says why."""


def parse_label(text: str) -> ReleaseLabel:
    """Return the release label that `text` is.

    Raises:
        ReleaseError: when it is no tag, or a tag that moves (`latest`).
    """
    if not _LABEL.fullmatch(text):
        raise ReleaseError(
            f"{text!r} is no release label: letters, digits, '_', '.' and '-' are allowed, "
            "at most 128 of them, and neither '.' nor '-' in front"
        )
    if text == "latest":
        raise ReleaseError(
            "'latest' names another image every day; ship a label that stays, such as 0.9.1"
        )
    return ReleaseLabel(text)


def digest_of(image: str) -> Digest | None:
    """Return the digest in `repository@sha256:...`, or None where there is none."""
    _, separator, digest = image.rpartition("@")
    return Digest(digest) if separator and _DIGEST.fullmatch(digest) else None


def head_of(digest: str) -> str:
    """Return the twelve hexadecimal digits of a digest that people compare, and workers report."""
    return digest.removeprefix("sha256:")[:12]


def disagree(reported: str | None, announced: str | None) -> bool:
    """Whether a worker reports another digest than `announced`; it may report the head alone."""
    if reported is None or announced is None:
        return False
    return reported not in (announced, head_of(announced))


def told_apart(one: str, other: str) -> tuple[str, str]:
    """Return two digests as people compare them: by their heads, unless these are the same."""
    heads = head_of(one), head_of(other)
    return heads if heads[0] != heads[1] else (one, other)


@dataclass(frozen=True, slots=True)
class Release:
    """A release: immutable, and the same bytes in every region."""

    label: ReleaseLabel
    """What people call it; a tag of the image."""
    image: ImageRef
    """`repository@sha256:...`, what the instances pull, maybe with `{region}` in it. Where only the
    registry gives a digest, it is the engine's id of the image until the push: `sha256:...`."""
    revision: str | None = None
    """The source revision it was built from, where that is known."""
    committed_at: datetime | None = None
    """When that revision was committed, where that is known."""

    @property
    def is_pushed(self) -> bool:
        """Whether a registry knows it by a digest."""
        return digest_of(self.image) is not None

    def image_in(self, region: str) -> ImageRef:
        """Return what the instances of `region` pull."""
        return ImageRef(self.image.replace(REGION, region))

    @property
    def digest(self) -> Digest:
        """The digest in `image`; until the push maybe the engine's id, which no instance runs."""
        if _DIGEST.fullmatch(self.image):
            return Digest(self.image)
        digest = digest_of(self.image)
        if digest is None:
            raise ReleaseError(f"{self.image!r} is no reference by digest")
        return digest


def newest_first(labels: Iterable[str]) -> list[str]:
    """Return labels in the order of versions, the newest first: 0.10.0 is after 0.9.1."""
    return sorted(labels, key=_as_version, reverse=True)


def _as_version(label: str) -> tuple[tuple[bool, int, str], ...]:
    """Every word is after every number."""
    parts = re.findall(r"[0-9]+|[^0-9.]+", label)
    return tuple((not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts)
