"""Binary, plugins, environment and variables: what a Terraform is started with."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from console.adapters.aws.queues import QueueUrls
from console.adapters.terraform import variables
from console.adapters.terraform.binary import (
    BinaryNotFoundError,
    find_binary,
    read_version,
    wheel,
)
from console.adapters.terraform.environment import child_environment
from console.adapters.terraform.plugins import find_plugin_dir, holds_provider
from console.adapters.terraform.variables import Given, Readiness
from console.domain.fleet import RegionName, SlotTarget
from console.domain.release import ImageRef, ReleaseLabel

EU, US = RegionName("eu-west-1"), RegionName("us-east-1")
SLOTS = (SlotTarget(ReleaseLabel("2"), ImageRef("repo@sha256:b")),)
QUEUES = QueueUrls("https://work", "https://results")


def given(**settings: object) -> Given:
    readiness = Readiness("console await-ready", completions=2, within=timedelta(minutes=3))
    return Given("checks", "prod", "beats", timedelta(seconds=10), readiness, settings)


def mirror(root: Path) -> Path:
    (root / "registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64").mkdir(parents=True)
    return root


async def test_the_binary_on_path_tells_its_version() -> None:
    binary = find_binary()
    assert binary.name in {"terraform", "tofu"}
    assert (await read_version(binary)).count(".") == 2


async def test_the_wheel_answers_as_a_binary_does() -> None:
    assert (await read_version(wheel())).startswith("1.")


def test_without_a_binary_on_path_the_wheel_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert find_binary() == wheel()


def test_without_any_terraform_the_error_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BinaryNotFoundError, match="pip install"):
        find_binary()


def test_this_machines_mirror_is_found_or_the_registry_is_used() -> None:
    found = find_plugin_dir()
    assert found is None or holds_provider(found)


def test_an_explicit_plugin_dir_is_taken_as_it_is(tmp_path: Path) -> None:
    assert find_plugin_dir(tmp_path / "mine") == tmp_path / "mine"


@pytest.mark.parametrize("place", [".", "plugins", "vendor/plugins"])
def test_a_mirror_is_found_two_levels_below_an_install_root(tmp_path: Path, place: str) -> None:
    there = mirror(tmp_path / "opt" / place)
    environment = {"HOME": str(tmp_path / "home")}
    assert find_plugin_dir(None, environment, (tmp_path / "opt",)) == there


def test_a_mirror_deeper_than_that_is_not_looked_for(tmp_path: Path) -> None:
    mirror(tmp_path / "opt/a/b/c")
    assert find_plugin_dir(None, {"HOME": str(tmp_path / "home")}, (tmp_path / "opt",)) is None


def test_the_plugin_cache_is_looked_into(tmp_path: Path) -> None:
    cache = mirror(tmp_path / "cache")
    environment = {"HOME": str(tmp_path / "home"), "TF_PLUGIN_CACHE_DIR": str(cache)}
    assert find_plugin_dir(None, environment, ()) == cache


def test_terraforms_own_mirror_comes_first(tmp_path: Path) -> None:
    own = mirror(tmp_path / "home/.terraform.d/plugins")
    mirror(tmp_path / "opt")
    environment = {"HOME": str(tmp_path / "home")}
    assert find_plugin_dir(None, environment, (tmp_path / "opt",)) == own


def test_terraform_is_told_that_nobody_sits_at_it() -> None:
    child = child_environment({"PATH": "/bin", "TF_CLI_ARGS_apply": "-auto-approve"}, Path("/d"))
    assert child == {
        "PATH": "/bin",
        "CHECKPOINT_DISABLE": "1",
        "TF_DATA_DIR": "/d",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "GOGC": "off",
        "GOMEMLIMIT": "300MiB",
    }


def test_an_operators_own_memory_settings_are_left_alone() -> None:
    child = child_environment({"GOGC": "50"}, Path("/d"))
    assert (child["GOGC"], "GOMEMLIMIT" in child) == ("50", False)


def test_a_configuration_file_counts_only_where_it_exists(tmp_path: Path) -> None:
    file = tmp_path / "terraformrc"
    parent = {"TF_CLI_CONFIG_FILE": str(file)}
    assert "TF_CLI_CONFIG_FILE" not in child_environment(parent, tmp_path)
    file.touch()
    assert child_environment(parent, tmp_path)["TF_CLI_CONFIG_FILE"] == str(file)


def test_the_variables_of_a_region() -> None:
    assert variables.of_region(given(), EU, SLOTS, QUEUES, None) == {
        "region": "eu-west-1",
        "fleet": "checks",
        "environment": "prod",
        "slots": [{"release": "2", "image": "repo@sha256:b"}],
        "work_queue_url": "https://work",
        "results_queue_url": "https://results",
        "heartbeat": {"namespace": "beats", "interval_seconds": 10},
        "readiness": {
            "await_command": "console await-ready",
            "completions": 2,
            "within_seconds": 180,
            "launcher_within_seconds": 180,
        },
    }


def test_the_machine_image_is_a_variable_only_where_it_is_pinned() -> None:
    assert variables.of_region(given(), EU, SLOTS, QUEUES, "ami-1")["ami_id"] == "ami-1"


def test_the_users_variables_win_key_by_key_but_never_over_what_runs_where() -> None:
    mine = given(
        readiness={"completions": 0, "launcher": "node"},
        instance_type="t3.large",
        slots=[],
        region="mars",
        fleet="other",
    )
    made = variables.of_region(mine, EU, SLOTS, QUEUES, None)
    readiness = made["readiness"]
    assert isinstance(readiness, dict)
    assert (readiness["completions"], readiness["launcher"]) == (0, "node")
    assert readiness["within_seconds"] == 180
    assert made["instance_type"] == "t3.large"
    assert (made["region"], made["fleet"]) == ("eu-west-1", "checks")
    assert made["slots"] == [{"release": "2", "image": "repo@sha256:b"}]


def test_the_region_is_filled_into_the_users_texts_at_any_depth() -> None:
    mine = given(ssh={"bastion": {"host": "bastion.{region}.example"}}, workers=5)
    made = variables.of_region(mine, EU, SLOTS, QUEUES, None)
    assert made["ssh"] == {"bastion": {"host": "bastion.eu-west-1.example"}}
    assert made["workers"] == 5


def test_the_variables_of_a_single_root_are_maps_by_region() -> None:
    made = variables.of_single_root(
        given(ssh={"bastion": {"host": "bastion.{region}"}}),
        {EU: SLOTS, US: ()},
        {EU: QUEUES, US: QUEUES},
        {EU: "ami-1"},
    )
    assert made["slots"] == {EU: [{"release": "2", "image": "repo@sha256:b"}], US: []}
    assert made["work_queue_urls"] == {EU: "https://work", US: "https://work"}
    assert made["results_queue_urls"] == {EU: "https://results", US: "https://results"}
    assert made["ami_ids"] == {EU: "ami-1"}
    assert made["ssh"] == {"bastion": {"host": "bastion.{region}"}}
    assert "region" not in made


def test_variables_are_written_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "given" / "x.tfvars.json"
    variables.write(path, {"a": 1})
    variables.write(path, {"a": 2})
    assert path.read_text() == '{\n "a": 2\n}'
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
