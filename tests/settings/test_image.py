"""How the image is built, as it is written in the settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.settings import SettingsError, to_policy
from console.specs import image_spec

LAST = "  test: [npm, test]\n"


def test_what_is_built_comes_from_the_settings(load_changed: Any) -> None:
    settings = load_changed(
        LAST,
        LAST + "  dockerfile: docker/Dockerfile\n  build_args: {NODE_VERSION: '22'}\n"
        "  target: release\n  platform: linux/arm64\n  test_within: 90s\n  reuse: true\n"
        "  replicated_within: 1m\n",
    )
    spec = image_spec(settings, to_policy(settings, regions=None))

    assert (spec.dockerfile, spec.target, spec.platform) == (
        "docker/Dockerfile",
        "release",
        "linux/arm64",
    )
    assert dict(spec.args) == {"NODE_VERSION": "22"}
    assert spec.test == ("npm", "test")
    assert (spec.test_within, spec.replicated_within) == (
        timedelta(seconds=90),
        timedelta(minutes=1),
    )
    assert spec.reuse
    assert set(spec.regions) == {"us-east-1", "us-west-1", "eu-west-1"}


def test_each_region_may_have_a_registry_of_its_own(load_changed: Any) -> None:
    name = "1.dkr.ecr.{region}.amazonaws.com/checks"
    settings = load_changed("registry.example.com/checks/launcher", f'"{name}"')
    spec = image_spec(settings, to_policy(settings, regions=None))

    assert spec.repository == name
    assert spec.home.host == "1.dkr.ecr.us-east-1.amazonaws.com", "that of the first region"


@pytest.mark.parametrize("path", ["../Dockerfile", "/etc/Dockerfile", "docker//x"])
def test_a_dockerfile_is_within_its_context(path: str, load_changed: Any) -> None:
    with pytest.raises(SettingsError, match=r"image\.dockerfile"):
        load_changed(LAST, f"{LAST}  dockerfile: {path}\n")


def test_an_earlier_build_is_taken_only_where_that_is_asked_for(load_changed: Any) -> None:
    assert not load_changed(LAST, LAST).image.reuse
