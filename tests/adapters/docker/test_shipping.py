"""From a directory to a digest that the registry serves: with a real engine and registry."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from console.adapters.docker.engine import Engine
from console.adapters.docker.images import DockerImages
from console.domain.failure import Failure, FailureKind
from console.domain.release import ImageRef, Release, ReleaseLabel, digest_of
from console.engine.ports import Progress, ProgressKind
from tests.adapters.docker.conftest import Told
from tests.docker_machine import LocalRegistry, forget

Make = Callable[..., DockerImages]

LABEL = ReleaseLabel("0.9.1")
PATH = "checks/launcher"


async def built(images: DockerImages, told: Told, label: ReleaseLabel = LABEL) -> Release:
    release = await images.build(label, told)
    assert isinstance(release, Release), release
    return release


async def pushed(images: DockerImages, told: Told, label: ReleaseLabel = LABEL) -> ImageRef:
    """Build and push, and return the image by its digest."""
    release = await built(images, told, label)
    image = await images.push(release.image, label, told)
    assert not isinstance(image, Failure), image
    return image


def labels_of(image: str, engine: Engine) -> dict[str, str]:
    client = engine.client()
    try:
        (found,) = (one for one in client.images() if one["Id"] == image)
        return dict(found["Labels"])
    finally:
        client.close()


def commit(directory: Path) -> str:
    """Put a directory under git and return its commit."""
    git = ("git", "-C", str(directory), "-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "as it is")):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return head.stdout.strip()


async def test_the_digest_of_the_push_is_the_one_that_the_registry_serves(
    images: Make, told: Told, registry: LocalRegistry
) -> None:
    image = await pushed(images(), told)

    digest = digest_of(image)
    assert digest == registry.digest(PATH, LABEL)
    assert image == f"{registry.host}/{PATH}@{digest}"
    assert f"{registry.host}/{PATH}:{LABEL} is {digest}" in told.lines


async def test_before_the_push_the_release_is_the_engines_image_and_nothing_is_pushed(
    images: Make, told: Told
) -> None:
    ours = images()
    release = await built(ours, told)

    assert not release.is_pushed
    assert release.digest.startswith("sha256:")
    assert not ours.labels()


async def test_layers_are_told_of_by_steps_and_by_layers(images: Make, told: Told) -> None:
    await pushed(images(), told)

    steps = {p.address for p in told.all if p.action == "build" and p.address}
    assert any("COPY busybox" in step for step in steps)
    layers = [p for p in told.all if p.action == "push"]
    ended = {p.address for p in layers if p.kind is ProgressKind.FINISHED}
    assert len(ended) == 2
    assert ended == {p.address for p in layers}
    assert len(layers) < 60, "a line for each tenth, not for each kilobyte"


async def test_the_image_tells_its_revision_version_and_time(
    images: Make, told: Told, context: Path, shared_engine: Engine
) -> None:
    head = commit(context)
    release = await built(images(), told)

    labels = labels_of(release.image, shared_engine)
    assert release.revision == head
    assert labels["org.opencontainers.image.revision"] == head
    assert labels["org.opencontainers.image.version"] == LABEL
    assert "org.opencontainers.image.created" in labels


async def test_a_dirty_work_tree_is_said_and_recorded(
    images: Make, told: Told, context: Path
) -> None:
    head = commit(context)
    (context / "greeting").write_text("changed\n")
    release = await built(images(), told)

    assert release.revision == f"{head}-dirty"
    assert any("dirty" in line and "greeting" in line for line in told.lines)


async def test_arguments_target_and_ignored_files_are_heeded(
    images: Make, told: Told, context: Path, shared_engine: Engine
) -> None:
    (context / "secret.pem").write_text("no")
    (context / ".dockerignore").write_text("*.pem\n")
    (context / "Dockerfile").write_text(
        "FROM scratch AS first\nARG COLOUR=none\nCOPY . /all\nLABEL colour=$COLOUR\n"
        'FROM first\nLABEL stage=second\nCMD ["x"]\n'
    )
    wanted = images(args={"COLOUR": "green"}, target="first")
    release = await built(wanted, told)

    labels = labels_of(release.image, shared_engine)
    assert labels["colour"] == "green"
    assert "stage" not in labels
    assert "(4 files" in told.lines[0], "Dockerfile, .dockerignore, busybox, greeting"


async def test_a_dockerfile_that_needs_buildkit_is_built(
    images: Make, told: Told, context: Path
) -> None:
    (context / "Dockerfile").write_text(
        "FROM scratch\nCOPY busybox /bin/busybox\nCOPY greeting /greeting\n"
        'RUN --mount=type=cache,target=/cache ["/bin/busybox", "echo", "cached it"]\n'
    )
    release = await built(images(), told)

    assert release.image
    assert "cached it" in told.lines


async def test_a_build_that_fails_shows_its_last_lines(
    images: Make, told: Told, context: Path
) -> None:
    (context / "Dockerfile").write_text(
        "FROM scratch\nCOPY busybox /bin/busybox\n"
        'RUN ["/bin/busybox", "sh", "-c", "echo out of cheese; exit 7"]\n'
    )
    failure = await images().build(LABEL, told)

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.FAILED
    assert "out of cheese" in failure.evidence


async def test_a_build_that_is_given_up_ends_at_once(
    images: Make, context: Path, told: Told
) -> None:
    (context / "Dockerfile").write_text(
        "FROM scratch\nCOPY busybox /bin/busybox\n"
        'RUN ["/bin/busybox", "sh", "-c", "echo at work; exec /bin/busybox sleep 600"]\n'
    )
    ours = images()

    def listen(progress: Progress) -> None:
        if progress.message == "at work":
            ours.interrupt()

    async with asyncio.timeout(60):
        failure = await ours.build(LABEL, listen)

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.INTERRUPTED


async def test_the_same_again_is_pushed_already(images: Make, told: Told) -> None:
    image = await pushed(images(), told)
    again = await built(images(), told)

    assert again.image == image
    assert await images().push(again.image, LABEL, told) == image


async def test_a_label_never_moves(images: Make, told: Told, context: Path) -> None:
    image = await pushed(images(), told)
    (context / "greeting").write_text("something else\n")
    failure = await images().build(LABEL, told)

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.REFUSED
    assert f"is {digest_of(image)} already" in failure.message
    assert "--release" in failure.hint


async def test_a_label_that_another_build_took_meanwhile_is_refused_at_the_push(
    images: Make, told: Told, context: Path
) -> None:
    release = await built(images(), told)
    (context / "greeting").write_text("the other one\n")
    theirs = await pushed(images(), told)
    failure = await images().push(release.image, LABEL, told)

    assert isinstance(failure, Failure)
    assert f"is {digest_of(theirs)} already" in failure.message


async def test_a_label_of_another_revision_is_refused_before_anything_is_built(
    images: Make, told: Told, context: Path
) -> None:
    commit(context)
    await pushed(images(), told)
    assert await images().check(LABEL) is None
    (context / "greeting").write_text("the next one\n")
    commit(context)
    failure = await images().check(LABEL)

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.REFUSED


async def test_what_is_pushed_from_the_same_revision_is_taken_and_tested_where_that_is_asked_for(
    images: Make, told: Told, context: Path, registry: LocalRegistry
) -> None:
    commit(context)
    image = await pushed(images(), told)
    forget(registry)
    told.all.clear()
    ours = images(reuse=True, test=("/bin/busybox", "cat", "/greeting"))
    release = await built(ours, told)

    assert release.image == image
    assert await ours.test(release.image, told) == "/bin/busybox cat /greeting exited with 0"
    assert any(line.startswith("hello from") for line in told.lines)


async def test_only_who_asks_for_it_gets_an_earlier_build(
    images: Make, told: Told, context: Path
) -> None:
    commit(context)
    first = await built(images(), told)
    told.all.clear()
    again = await built(images(reuse=True), told)
    assert again == first
    assert not any(p.action == "build" for p in told.all)

    await built(images(), told)
    assert any(p.action == "build" for p in told.all)


async def test_an_image_that_is_pushed_is_resolved_to_its_digest(
    images: Make, told: Told, registry: LocalRegistry
) -> None:
    image = await pushed(images(), told)
    named = ImageRef(f"{registry.host}/{PATH}:{LABEL}")

    assert await images().resolve(named, LABEL) == Release(LABEL, image)
    assert await images().resolve(image, LABEL) == Release(LABEL, image)


@pytest.mark.parametrize("tag", ["", ":latest"])
async def test_a_tag_that_moves_is_no_release(
    tag: str, images: Make, registry: LocalRegistry
) -> None:
    failure = await images().resolve(ImageRef(f"{registry.host}/{PATH}{tag}"), LABEL)

    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.REFUSED


async def test_an_image_that_is_not_there_is_said(images: Make, registry: LocalRegistry) -> None:
    failure = await images().resolve(ImageRef(f"{registry.host}/{PATH}:0.0.1"), LABEL)

    assert isinstance(failure, Failure)
    assert "there is no image" in failure.message


async def test_labels_are_proposed_the_newest_first(images: Make, told: Told) -> None:
    for label in ("0.9.1", "0.10.0"):
        await pushed(images(), told, ReleaseLabel(label))

    assert await asyncio.to_thread(images().labels) == ["0.10.0", "0.9.1"]


async def test_the_test_runs_in_the_image_and_its_output_is_told(images: Make, told: Told) -> None:
    ours = images(test=("/bin/busybox", "cat", "/greeting"))
    release = await built(ours, told)

    assert await ours.test(release.image, told) == "/bin/busybox cat /greeting exited with 0"
    assert any(line.startswith("hello from") for line in told.lines)


async def test_a_test_that_fails_shows_its_last_fifteen_lines(images: Make, told: Told) -> None:
    script = "for i in $(busybox seq 1 40); do echo line $i; done; exit 3"
    ours = images(test=("/bin/busybox", "sh", "-c", script.replace("busybox", "/bin/busybox")))
    release = await built(ours, told)
    failure = await ours.test(release.image, told)

    assert isinstance(failure, Failure)
    assert failure.message == "the image's test exited with 3"
    assert failure.evidence.splitlines() == [f"line {i}" for i in range(26, 41)]


async def test_a_test_that_takes_too_long_is_killed_and_removed(
    images: Make, told: Told, shared_engine: Engine
) -> None:
    ours = images(
        test=("/bin/busybox", "sh", "-c", "echo waiting; exec /bin/busybox sleep 600"),
        test_within=timedelta(seconds=2),
    )
    release = await built(ours, told)
    failure = await ours.test(release.image, told)

    assert isinstance(failure, Failure)
    assert "still running after 2s" in failure.message
    client = shared_engine.client()
    assert client.containers(all=True, filters={"ancestor": release.image}) == []
    client.close()


async def test_each_region_has_its_own_registry(
    images: Make, told: Told, registry: LocalRegistry
) -> None:
    """One registry by another name: loopback has many addresses."""
    image = await pushed(images(), told)
    template = image.replace("127.0.0.1", "127.0.0.{region}")
    everywhere = images(repository=template.partition("@")[0], regions=("1",))
    assert await everywhere.resolve(image, LABEL) == Release(LABEL, ImageRef(template))


async def test_a_region_that_does_not_get_the_image_is_named(
    images: Make, told: Told, registry: LocalRegistry
) -> None:
    repository = f"{registry.host}/{{region}}/launcher"
    ours = images(
        repository=repository,
        regions=("us-east-1", "eu-west-1"),
        replicated_within=timedelta(milliseconds=10),
    )
    release = await built(ours, told)
    failure = await ours.push(release.image, LABEL, told)

    assert isinstance(failure, Failure)
    assert "was after 10ms still not in the registry of eu-west-1" in failure.message
    assert "us-east-1: its registry has the image" in told.lines

    digest = registry.digest("us-east-1/launcher", LABEL)
    missing = await ours.resolve(ImageRef(f"{repository}@{digest}"), LABEL)
    assert isinstance(missing, Failure)
    assert "is not in the registry of eu-west-1" in missing.message


async def test_once_every_region_has_the_image_the_release_names_all_of_them(
    images: Make, told: Told, registry: LocalRegistry
) -> None:
    repository = f"{registry.host}/{{region}}/launcher"
    regions = ("us-east-1", "eu-west-1")
    copied = images(repository=repository.replace("{region}", "eu-west-1"))
    ours = images(repository=repository, regions=regions)
    await pushed(copied, told)
    image = await pushed(ours, told)

    release = replace(await built(ours, told), image=image)
    assert image.startswith(f"{repository}@sha256:")
    assert digest_of(release.image_in("eu-west-1")) == registry.digest("eu-west-1/launcher", LABEL)
