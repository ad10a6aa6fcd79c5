"""Which releases are pushed already: what a start form proposes."""

from __future__ import annotations

from pathlib import Path

from console.engine.ports import Catalogue
from console.sandbox.directory_images import DirectoryImages


def pushed(store: Path, *labels: str) -> DirectoryImages:
    for label in labels:
        path = store / "tags" / "checks+launcher" / label
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("sha256:" + "a" * 64)
    return DirectoryImages(store, "checks/launcher", None, ())


def test_the_newest_version_comes_first_and_ten_is_after_nine(tmp_path: Path) -> None:
    images = pushed(tmp_path, "0.9.1", "0.10.0", "0.9.0", "1.0", "main")
    assert images.labels() == ["main", "1.0", "0.10.0", "0.9.1", "0.9.0"]


def test_an_empty_registry_has_none(tmp_path: Path) -> None:
    images = DirectoryImages(tmp_path, "checks/launcher", None, ())
    assert images.labels() == []
    assert isinstance(images, Catalogue)
