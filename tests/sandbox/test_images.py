"""The image store: the same release is the same image, and a label never moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.sandbox.errors import ImageError
from console.sandbox.images import BuiltImage, ImageStore
from console.sandbox.spec import SAMPLE_WORKER

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = "sandbox/worker"


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


@pytest.fixture
def context(tmp_path: Path) -> Path:
    directory = tmp_path / "context"
    directory.mkdir()
    (directory / "launcher.sh").write_text("#!/bin/sh\nexec sleep 1\n")
    (directory / "Dockerfile").write_text(
        'FROM busybox AS base\nENV A=1 B="two words"\nFROM base\nENTRYPOINT ["sh", "launcher.sh"]\n'
    )
    return directory


def build(
    store: ImageStore, context: Path, label: str = "0.9.0", revision: str = "r"
) -> BuiltImage:
    return store.build(context, repository=REPOSITORY, label=label, revision=revision)


def test_the_same_context_gives_the_same_image(store: ImageStore, context: Path) -> None:
    first = build(store, context)
    made = (first.path / ".image.json").stat().st_mtime_ns
    assert build(store, context) == first
    assert (first.path / ".image.json").stat().st_mtime_ns == made


def test_a_cache_of_compiled_python_does_not_change_the_image(
    store: ImageStore, context: Path
) -> None:
    first = build(store, context)
    (context / "__pycache__").mkdir()
    (context / "__pycache__" / "launcher.pyc").write_bytes(b"x")
    assert build(store, context).digest == first.digest


@pytest.mark.parametrize("change", ["label", "revision", "bytes", "mode", "name"])
def test_any_change_gives_another_image(store: ImageStore, context: Path, change: str) -> None:
    first = build(store, context)
    script = context / "launcher.sh"
    if change == "bytes":
        script.write_text("#!/bin/sh\n")
    elif change == "mode":
        script.chmod(script.stat().st_mode | 0o100)
    elif change == "name":
        (context / "more").write_text("")
    label = "0.9.1" if change == "label" else "0.9.0"
    revision = "s" if change == "revision" else "r"
    assert build(store, context, label, revision).digest != first.digest


def test_ignored_files_stay_out(store: ImageStore, context: Path) -> None:
    (context / "secret").mkdir()
    (context / "secret" / "key").write_text("k")
    (context / "secret" / "public").write_text("p")
    (context / "a.log").write_text("")
    (context / ".dockerignore").write_text("# none of this\nsecret\n!secret/public\n**/*.log\n")
    path = build(store, context).path
    assert (path / "secret" / "public").is_file()
    assert not (path / "secret" / "key").exists()
    assert not (path / "a.log").exists()


def test_the_last_stage_says_what_to_start(store: ImageStore, context: Path) -> None:
    image = build(store, context)
    assert image.command == ("sh", "launcher.sh")
    assert dict(image.environment) == {"A": "1", "B": "two words"}


def test_entrypoint_and_cmd_are_joined_and_paths_below_workdir_found(
    store: ImageStore, context: Path
) -> None:
    (context / "Dockerfile").write_text(
        'ARG BASE=x\nFROM ${BASE}\nWORKDIR /app\nENTRYPOINT ["/app/launcher.sh"]\nCMD ["--now"]\n'
    )
    assert build(store, context).command == ("./launcher.sh", "--now")


def test_a_shell_form_is_refused_with_file_line_and_remedy(
    store: ImageStore, context: Path
) -> None:
    (context / "Dockerfile").write_text(
        "FROM x\n\nRUN true \\\n && true\nCMD python3 launcher.py\n"
    )
    with pytest.raises(ImageError) as refused:
        build(store, context)
    assert f"{context / 'Dockerfile'}, line 5" in refused.value.message
    assert 'CMD ["python3", "launcher.py"]' in refused.value.hint


def test_a_dockerfile_that_starts_nothing_is_refused(store: ImageStore, context: Path) -> None:
    (context / "Dockerfile").write_text("FROM x\n")
    with pytest.raises(ImageError, match="starts nothing"):
        build(store, context)


def test_a_missing_context_and_a_missing_dockerfile_are_named(
    store: ImageStore, context: Path
) -> None:
    with pytest.raises(ImageError, match=r"nowhere is not a directory.*image\.context"):
        build(store, context / "nowhere")
    (context / "Dockerfile").unlink()
    with pytest.raises(ImageError, match="has no Dockerfile"):
        build(store, context)


def test_a_label_cannot_move_to_another_image(store: ImageStore, context: Path) -> None:
    first = build(store, context)
    store.tag(REPOSITORY, "0.9.0", first.digest)
    store.tag(REPOSITORY, "0.9.0", first.digest)
    (context / "launcher.sh").write_text("another\n")
    second = build(store, context)
    with pytest.raises(ImageError) as refused:
        store.tag(REPOSITORY, "0.9.0", second.digest)
    assert "new label" in refused.value.hint
    assert store.resolve(REPOSITORY, "0.9.0") == first.digest
    assert store.labels(REPOSITORY) == ("0.9.0",)


def test_an_image_is_found_by_digest_and_by_label(store: ImageStore, context: Path) -> None:
    image = build(store, context)
    store.tag(REPOSITORY, "0.9.0", image.digest)
    for reference in (f"{REPOSITORY}@{image.digest}", image.digest, f"{REPOSITORY}:0.9.0"):
        assert store.open(reference) == image
    assert store.resolve(REPOSITORY, image.digest) == image.digest


@pytest.mark.parametrize(
    "reference", ["a/b@sha256:00", "a/b:1", "", "sha256:../tags", "a@sha256:", "a/b@sha256:.."]
)
def test_an_unknown_image_is_an_error(store: ImageStore, context: Path, reference: str) -> None:
    build(store, context)
    with pytest.raises(ImageError):
        store.open(reference)


def test_the_sample_worker_builds(store: ImageStore) -> None:
    image = build(store, SAMPLE_WORKER)
    assert image.command == ("python3", "-u", "launcher.py")
    assert (image.path / "launcher.py").is_file()
