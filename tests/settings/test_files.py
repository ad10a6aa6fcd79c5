"""A file that holds no settings is told apart from one that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.settings import SettingsError, load, settings_path
from tests.settings.valid import VALID

NO_SETTINGS = [
    ("", "config/release.yaml: is empty; copy config/prod.example.yaml"),
    ("# only a comment\n", "config/release.yaml: is empty"),
    ("- a\n- b\n", "config/release.yaml:1: holds no settings"),
    ("just words", "config/release.yaml:1: holds no settings"),
    (
        b"fleet: a\nenvironment: caf\xe9\n",
        "config/release.yaml:2: is not UTF-8 text: the byte 0xe9",
    ),
    ("a: 1\n---\nb: 2\n", "config/release.yaml:2:1: is not YAML: expected a single document"),
    ("fleet: a: b\n", "config/release.yaml:1:9: is not YAML: mapping values are not allowed here"),
    ("a:\n\tb: 1\n", "config/release.yaml:2:1: is not YAML: while scanning for the next token"),
    ("a: 'open\n", "a quote is never closed"),
    ("a: [1, 2\nb: 3\n", "a list [...] is never closed"),
    ("a:\n  b: 1\n c: 2\n", "config/release.yaml:3:2: is not YAML: "),
    ("a:\n  b: 1\n c: 2\n", "the indentation does not fit the lines above"),
    ("a: *b\n", "config/release.yaml:1:4: is not YAML: found undefined alias 'b'; a value that"),
    ("a: 1\nb: \x07\n", "config/release.yaml:2:4: is not YAML: special characters"),
    ("a: &a [*a]\n", "is too large or too deep for settings"),
    ("[" * 5000, "is not YAML: "),
    ('a: "\\UFFFFFFFF"\n', "is not YAML: "),
    ("a: " + "x" * 1024 * 1024, "is larger than 1 MiB"),
]


@pytest.mark.parametrize(("text", "said"), NO_SETTINGS)
def test_a_text_without_settings_is_told(load_text: Any, text: str | bytes, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(text)
    assert said in caught.value.message


def test_aliases_of_aliases_do_not_fill_the_memory(load_text: Any) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(SettingsError, match="is too large"):
        load_text("\n".join(lines))


def test_a_missing_file_tells_what_to_do(project: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file") as caught:
        load(None, {})
    assert "--sandbox" in caught.value.hint
    assert "copy config/prod.example.yaml to config/release.yaml" in caught.value.hint
    assert caught.value.render().count("\n") == 1
    assert project.is_dir()


def test_a_directory_is_no_file(project: Path) -> None:
    with pytest.raises(SettingsError, match=r"config: is a directory; name the file in it"):
        load(Path("config"), {})
    assert project.is_dir()


def test_a_file_without_permission_is_told(project: Path, request: pytest.FixtureRequest) -> None:
    (project / "config/release.yaml").touch(mode=0)
    request.getfixturevalue("without_privileges")
    with pytest.raises(SettingsError, match="cannot be read: you lack the permission"):
        load(None, {})


def test_a_name_that_no_file_can_have_is_told() -> None:
    for name in ("a" * 5000, "a\0b"):
        with pytest.raises(SettingsError, match="cannot be read"):
            load(Path(name), {})


def test_the_environment_names_the_file() -> None:
    assert settings_path({}) == Path("config/release.yaml")
    assert settings_path({"RELEASE_CONSOLE_CONFIG": "other.yaml"}) == Path("other.yaml")
    with pytest.raises(SettingsError, match=r"other\.yaml: there is no such file"):
        load(None, {"RELEASE_CONSOLE_CONFIG": "other.yaml"})


def test_a_byte_order_mark_is_no_part_of_the_text(load_text: Any) -> None:
    assert load_text("\ufeff" + VALID).fleet == "browser-check-worker"
