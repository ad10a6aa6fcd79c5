"""Valid settings are loaded as they were meant."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examine
from hypothesis import strategies as st

from console.domain.policy import Share
from console.sandbox.config_text import config_text
from console.sandbox.spec import RunningWorld, WorldSpec
from console.settings import Settings, SettingsError, load, parse
from console.settings.terraform import Layout
from tests.settings.valid import VALID

REPOSITORY = Path(__file__).resolve().parents[2]


def test_valid_settings_are_loaded(load_text: Any, project: Path) -> None:
    settings = load_text(VALID)
    assert settings.regions["us-west-1"].count == 3
    assert settings.rollout.batch == Share(percent=100)
    assert settings.rollout.bake == timedelta(minutes=5)
    assert settings.heartbeat.window == timedelta(minutes=15)
    assert settings.gates.backlog.oldest == timedelta(minutes=2)
    assert settings.source == project / "config/release.yaml"


def test_a_path_is_relative_to_the_file_and_then_to_the_current_directory(
    load_text: Any, project: Path
) -> None:
    assert load_text(VALID).terraform.root == project / "terraform/region"
    (project / "config/terraform/region").mkdir(parents=True)
    settings = load_text(VALID)
    assert settings.terraform.root == project / "config/terraform/region"
    assert settings.image.context == project / "worker"


def test_the_journal_stays_where_it_is_from_any_current_directory(
    load_text: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".release-console").mkdir()
    here = load_text(VALID).store
    monkeypatch.chdir(project / "config")
    (project / "config/terraform/region").mkdir(parents=True)
    there = load(Path("release.yaml"), {}).store
    assert here == there == project / "config/.release-console"


def test_a_tilde_is_the_home_directory(load_changed: Any) -> None:
    settings = load_changed("store: .release-console", "store: ~/journal", HOME="/home/ann")
    assert settings.store == Path("/home/ann/journal")


def test_variables_are_put_in_once_and_can_be_escaped(load_changed: Any) -> None:
    settings = load_changed(
        "{instance_type: t3.medium}",
        '{a: "${A}-x", b: "$${A}", c: "$A {region}"}',
        A="${B}",
    )
    assert settings.terraform.variables == {"a": "${B}-x", "b": "${A}", "c": "$A {region}"}


def test_a_variable_may_hold_a_number(load_changed: Any) -> None:
    assert load_changed("{count: 3}", "{count: '${N}'}", N="4").regions["us-west-1"].count == 4


def test_a_variable_that_looks_like_a_number_stays_a_text(load_text: Any) -> None:
    text = VALID + "aws: {environment: {AWS_SECRET_ACCESS_KEY: '${KEY}'}}\n"
    settings = load_text(text, KEY="12345")
    assert settings.aws.environment == {"AWS_SECRET_ACCESS_KEY": "12345"}
    assert "12345" not in repr(settings)


def test_a_gate_is_switched_off_with_null(load_changed: Any) -> None:
    settings = load_changed("gates:", "gates:\n  dead_letters: null\n  completions:")
    assert settings.gates.dead_letters is None
    assert settings.gates.completions is None
    assert settings.gates.heartbeat is not None


def test_a_single_root_needs_no_backend(load_text: Any) -> None:
    text = VALID.replace("per-region", "single-root").replace("backend:", "#")
    settings = load_text(text.replace("module.workers.", "module.workers-{region}."))
    assert settings.terraform.layout is Layout.SINGLE_ROOT
    assert settings.terraform.backend is None


def test_a_word_like_no_is_a_word(load_changed: Any) -> None:
    assert load_changed("environment: prod", "environment: no").environment == "no"


def test_the_example_is_valid(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(REPOSITORY / "config/prod.example.yaml", {})
    assert settings.terraform.root == REPOSITORY / "terraform/region"
    assert settings.store == REPOSITORY / ".release-console"


def test_the_settings_of_the_sandbox_are_valid(tmp_path: Path) -> None:
    environ = {
        "SANDBOX_DIR": str(tmp_path),
        "SANDBOX_AWS": "http://127.0.0.1:1",
        "SANDBOX_SQS": "http://127.0.0.1:2",
    }
    settings = load(REPOSITORY / "config/sandbox.yaml", environ)
    assert settings.image.directory == tmp_path / "images"
    assert comparable(settings) == comparable(settings_of_a_world(tmp_path))


def settings_of_a_world(directory: Path) -> Settings:
    """Return what the sandbox writes for a world in `directory`."""
    spec = WorldSpec(directory, REPOSITORY / "terraform/region")
    world = RunningWorld(directory, 1, 0.0, "http://a", "http://b", 22, spec.regions, spec)
    return parse(config_text(world), directory / "config.yaml", {})


def comparable(settings: Settings) -> dict[str, Any]:
    """Return the settings without what is another in each world."""
    values = settings.model_dump(exclude={"aws"})
    del values["image"]["context"]  # an installed package has its own
    values["terraform"]["variables"].pop("ssh", None)
    return values


def test_errors_are_at_hand_without_pydantic() -> None:
    program = "import sys, console.errors; print('pydantic' in sys.modules, 'yaml' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout == "False False\n"


def raises_nothing_else(text: str, environ: dict[str, str] | None = None) -> None:
    """Parse `text` and pass over the settings error, but over no other."""
    error = error_of(text, environ or {})
    if error is not None:
        assert error.findings
        assert all(line.isprintable() for line in error.render().split("\n"))


def error_of(text: str, environ: dict[str, str]) -> SettingsError | None:
    """Return the settings error that parsing `text` raises, or None."""
    try:
        parse(text, Path("config/release.yaml"), environ)
    except SettingsError as error:
        return error
    return None


TOKENS = st.sampled_from(
    (
        *(*VALID.split(), *VALID.splitlines(keepends=True)),
        *(
            "- ",
            "? ",
            ": ",
            "&a ",
            "*a",
            "!x ",
            "|\n",
            ">\n",
            "{",
            "}",
            "[",
            "]",
            '"',
            "'",
            "#",
            "%",
        ),
        *(
            "\n",
            "  ",
            "\t",
            "<<: ",
            "---\n",
            "...\n",
            "${",
            "${A}",
            "null",
            "1e9",
            "\\U",
            "~",
            ".nan",
        ),
    )
)


@given(st.text())
@example("a: 2001-99-99")
@example("a: 0b_")
@example("%YAML 1.99999999999999999999\n--- a")
@example("? [a]\n: b")
@example('"\\ud800": 1')
@example("!!binary x")
@example("a: !!int x")
@example("? *x")
@example("<<: [1]")
@example("regions: {1: {count: ~}}")
@example('terraform: {root: "\\0"}')
@example('terraform: {root: "' + "x/" * 5000 + '"}')
def test_no_text_raises_anything_but_the_settings_error(text: str) -> None:
    raises_nothing_else(text)


@given(st.lists(TOKENS, max_size=40))
def test_no_shuffled_settings_raise_anything_but_the_settings_error(tokens: list[str]) -> None:
    raises_nothing_else("".join(tokens))


VALUES = st.recursive(
    st.sampled_from(
        (
            *("~", "0", "-1", "1.5", "true", '"${A}"', '"{region}"', "s3://x", "100%", '"\\0"'),
            *('"\\ud800"', "us-east-1", '""', "9" * 400, "9.9e99", "nowhere", "per-region", "5m"),
        )
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["count", "region", "us-east-1"]), inner, max_size=3).map(
            lambda pairs: f"{{{', '.join(f'{k}: {v}' for k, v in pairs.items())}}}"
        )
    ),
    max_leaves=6,
)


@given(st.integers(0, len(VALID.splitlines()) - 1), VALUES)
@examine(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_no_value_in_any_place_raises_anything_but_the_settings_error(
    project: Path, number: int, value: str
) -> None:
    assert project.is_dir()
    lines = VALID.splitlines()
    key, _, _ = lines[number].partition(":")
    lines[number] = f"{key}: {value}"
    raises_nothing_else("\n".join(lines), {"A": "x"})
