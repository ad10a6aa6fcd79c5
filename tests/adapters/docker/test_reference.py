"""The parts of an image's name."""

from __future__ import annotations

import pytest

from console.adapters.docker.reference import Reference, generalised, parse_reference

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "host", "path", "tag", "digest"),
    [
        ("registry.example.com/checks/launcher:0.9.1", "registry.example.com", "checks/launcher",
         "0.9.1", ""),
        ("127.0.0.1:5000/checks:0.9.1", "127.0.0.1:5000", "checks", "0.9.1", ""),
        (f"127.0.0.1:5000/checks@{DIGEST}", "127.0.0.1:5000", "checks", "", DIGEST),
        (f"localhost/checks:1@{DIGEST}", "localhost", "checks", "1", DIGEST),
        ("checks/launcher", "docker.io", "checks/launcher", "", ""),
        ("docker.io/alpine:3", "docker.io", "library/alpine", "3", ""),
        ("alpine", "docker.io", "library/alpine", "", ""),
        (DIGEST, "docker.io", "library/sha256", "a" * 64, ""),
    ],
)  # fmt: skip
def test_a_name_has_parts(text: str, host: str, path: str, tag: str, digest: str) -> None:
    found = parse_reference(text)
    assert (found.host, found.path, found.tag, found.digest) == (host, path, tag, digest)


def test_what_a_regions_instances_pull_is_known_as_the_image_of_all_regions() -> None:
    """A rollback reads its image from the instances of one region, and ships it to every one."""
    template = "1.dkr.ecr.{region}.amazonaws.com/checks"
    found = parse_reference(f"1.dkr.ecr.eu-west-1.amazonaws.com/checks@{DIGEST}")

    everywhere = generalised(found, template, ("us-east-1", "eu-west-1"))
    assert everywhere == Reference(template, digest=DIGEST)
    assert everywhere.in_region("us-east-1").host == "1.dkr.ecr.us-east-1.amazonaws.com"
    assert generalised(found, template, ("us-east-1",)) == found
