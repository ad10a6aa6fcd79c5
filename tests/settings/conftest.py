"""A project with valid settings, for tests to spoil."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.settings import Settings, load
from tests.settings.valid import VALID

Load = Callable[..., Settings]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project that the current directory is, with the directories that VALID names."""
    for name in ("config", "worker", "terraform/region"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def load_text(project: Path) -> Load:
    """Return a function that loads a text as `config/release.yaml`."""

    def load_it(text: str | bytes, **environ: str) -> Settings:
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        (project / "config/release.yaml").write_bytes(raw)
        return load(None, environ)

    return load_it


@pytest.fixture
def load_changed(load_text: Load) -> Load:
    """Return a function that loads VALID with one passage replaced by another."""

    def load_it(old: str, new: str, **environ: str) -> Settings:
        assert old in VALID, f"{old!r} is not in the valid settings"
        return load_text(VALID.replace(old, new, 1), **environ)

    return load_it
