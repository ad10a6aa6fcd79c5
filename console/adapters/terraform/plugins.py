"""Where on this machine are Terraform's providers, if no registry can be reached?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

_PROVIDER = Path("registry.terraform.io/hashicorp/aws")

_INSTALL_ROOTS = (
    Path("/opt"),
    Path("/usr/local"),
    Path("/usr/local/share"),
    Path("/usr/local/lib"),
    Path("/usr/share"),
    Path("/usr/lib"),
)


def find_plugin_dir(
    explicit: Path | None = None,
    environment: Mapping[str, str] | None = None,
    install_roots: tuple[Path, ...] = _INSTALL_ROOTS,
) -> Path | None:
    """Return a directory for `terraform init -plugin-dir`, or None to use the registry.

    Args:
        explicit: the setting `terraform.plugin_dir`; it is taken as it is.
        environment: where TF_PLUGIN_CACHE_DIR, HOME and XDG_DATA_HOME are; os.environ by default.
        install_roots: directories that are looked into, two levels deep.
    """
    if explicit is not None:
        return explicit
    known = os.environ if environment is None else environment
    home = Path(known.get("HOME") or Path.home())
    places = chain(
        _implied_mirrors(home, known),
        (place for root in (home, *install_roots) for place in _two_levels(root)),
    )
    return next((place for place in places if holds_provider(place)), None)


def holds_provider(directory: Path) -> bool:
    """Whether `directory` has the AWS provider in Terraform's layout, packed or unpacked."""
    try:
        provider = directory / _PROVIDER
        return any(provider.glob("*/*_*")) or any(provider.glob("*.zip"))
    except OSError:
        return False


def _implied_mirrors(home: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    # https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
    yield home / ".terraform.d/plugins"
    data_home = environment.get("XDG_DATA_HOME")
    yield (Path(data_home) if data_home else home / ".local/share") / "terraform/plugins"
    yield Path("/usr/local/share/terraform/plugins")
    yield Path("/usr/share/terraform/plugins")
    if cache := environment.get("TF_PLUGIN_CACHE_DIR"):
        yield Path(cache)


def _two_levels(root: Path) -> Iterator[Path]:
    """Yield `root`, what is in it, and what is in that; names with a dot are caches, left out."""
    yield root
    for child in _directories(root):
        yield child
        yield from _directories(child)


def _directories(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            names = [e.name for e in entries if not e.name.startswith(".") and e.is_dir()]
    except OSError:
        return []
    return [parent / name for name in sorted(names)]
