"""What is shipped?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NewType

ReleaseLabel = NewType("ReleaseLabel", str)
Digest = NewType("Digest", str)
ImageRef = NewType("ImageRef", str)

# The grammar of a tag, from the OCI distribution specification; a label becomes one.
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


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


@dataclass(frozen=True, slots=True)
class Release:
    """A release: immutable, and the same bytes in every region."""

    label: ReleaseLabel
    """What people call it; a tag of the image."""
    image: ImageRef
    """`repository@sha256:...`, what the instances pull."""
    revision: str | None = None
    """The source revision it was built from, where that is known."""

    @property
    def digest(self) -> Digest:
        """The digest in `image`."""
        digest = digest_of(self.image)
        if digest is None:
            raise ReleaseError(f"{self.image!r} is no reference by digest")
        return digest
