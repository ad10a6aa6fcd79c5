"""What the start form is given to propose."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from console.adapters.docker.images import DockerImages
from console.adapters.docker.spec import ImageSpec
from console.commands.screen import _proposal
from console.sandbox.directory_images import DirectoryImages
from console.wiring import World


def world(images: object) -> World:
    settings: Any = SimpleNamespace(image=SimpleNamespace(context=None))
    return cast(World, SimpleNamespace(images=images, settings=settings))


async def test_the_labels_that_the_directory_has_already_are_proposed(tmp_path: Path) -> None:
    tags = tmp_path / "tags" / "launcher"
    tags.mkdir(parents=True)
    for label in ("0.9.0", "0.10.0"):
        (tags / label).write_text("sha256:" + "a" * 64)
    proposal = await _proposal(world(DirectoryImages(tmp_path, "launcher", None, ())))
    assert proposal.known == ("0.10.0", "0.9.0")


async def test_where_nobody_can_tell_no_label_is_proposed() -> None:
    nobody = ImageSpec("127.0.0.1:9/checks", ("us-east-1",))
    proposal = await _proposal(world(DockerImages(nobody)))
    assert proposal.known == ()
    assert "nothing is built here" in proposal.note
