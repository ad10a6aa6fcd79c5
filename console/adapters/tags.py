"""What do an instance's tags and user data say that it runs?"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from console.domain.fleet import SlotTarget
from console.domain.release import ImageRef, ReleaseLabel

VERSION = "Version"
IMAGE = "Image"
SLOT = "Slot"
FLEET = "Fleet"

# Lines of /etc/worker/worker.env in the cloud-config that the workers boot from.
_RELEASE_LINE = re.compile(r"^\s*RELEASE=(?P<release>\S+)\s*$", re.MULTILINE)
_IMAGE_LINE = re.compile(r"^\s*IMAGE=(?P<image>\S+)\s*$", re.MULTILINE)


def target_of(tags: Mapping[str, Any]) -> SlotTarget | None:
    """Return what `tags` claim, or None where one of the two is missing."""
    version, image = tags.get(VERSION), tags.get(IMAGE)
    if not version or not image:
        return None
    return SlotTarget(ReleaseLabel(str(version)), ImageRef(str(image)))


def target_in(attributes: Mapping[str, Any]) -> SlotTarget | None:
    """Return what the tags among Terraform's `attributes` of an instance claim."""
    for name in ("tags", "tags_all"):
        tags = attributes.get(name)
        if isinstance(tags, dict) and (target := target_of(tags)) is not None:
            return target
    return None


def started_image(attributes: Mapping[str, Any]) -> ImageRef | None:
    """Return the image that the user data among `attributes` starts.

    None where it cannot be known: version 5 of the AWS provider replaces `user_data` by its SHA-1,
    and shows `user_data_base64` as it is.
    """
    plain, encoded = attributes.get("user_data"), attributes.get("user_data_base64")
    text = plain if isinstance(plain, str) else ""
    if isinstance(encoded, str):
        text = _decoded(encoded) or text
    match = _IMAGE_LINE.search(text)
    return ImageRef(match["image"]) if match else None


def started_target(user_data: str) -> SlotTarget | None:
    """Return what `user_data`, in base64, starts; None where it does not tell."""
    text = _decoded(user_data)
    release, image = _RELEASE_LINE.search(text), _IMAGE_LINE.search(text)
    if release is None or image is None:
        return None
    return SlotTarget(ReleaseLabel(release["release"]), ImageRef(image["image"]))


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""
