"""What are the parts of an image's name?

The grammar is that of the distribution specification: `[host[:port]/]path[:tag][@digest]`. As with
Docker, the first part is a host only where it holds a dot or a colon, or is `localhost`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.release import REGION, ImageRef, digest_of

_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of an image, in parts."""

    repository: str
    """As it was written: with its host, without tag and digest; may hold `{region}`."""
    tag: str = ""
    digest: str = ""

    @property
    def host(self) -> str:
        """The registry, with its port; docker.io where none is named."""
        first, separator, _ = self.repository.partition("/")
        is_host = separator and ("." in first or ":" in first or first == "localhost")
        return first if is_host else _HUB

    @property
    def path(self) -> str:
        """The repository as its registry calls it."""
        if self.host != _HUB:
            return self.repository.partition("/")[2]
        path = self.repository.removeprefix(f"{_HUB}/")
        return path if "/" in path else f"library/{path}"

    def pinned(self, digest: str) -> ImageRef:
        """Return the reference by digest that instances pull."""
        return ImageRef(f"{self.repository}@{digest}")

    def in_region(self, region: str) -> Reference:
        """Return the name that the image has in a region's registry."""
        return Reference(self.repository.replace(REGION, region), self.tag, self.digest)


def parse_reference(text: str) -> Reference:
    """Return the parts of `text`."""
    digest = digest_of(text) or ""
    rest = text.removesuffix(f"@{digest}") if digest else text
    head, separator, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return Reference(f"{head}{separator}{name}", tag, digest)


def generalised(found: Reference, template: str, regions: Iterable[str]) -> Reference:
    """Return `found` under the name `template` that covers all regions, where it is one of its own.

    Args:
        found: an image as one region's instances call it.
        template: the configured repository, maybe with `{region}` in it.
        regions: the regions of the fleet.
    """
    if any(template.replace(REGION, region) == found.repository for region in regions):
        return Reference(template, found.tag, found.digest)
    return found
