"""Which directories do the settings mean?

A relative path is relative to the directory of the settings file. What the console reads (the root,
the build context, the plugins) is looked for in the current directory next, so that a file in
`config/` may name things as they are called from the top of the project. What the console writes
is never looked for: a journal that moved with the current directory would be two journals.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from console.settings.findings import Complaint, quoted

if TYPE_CHECKING:
    from console.settings.fields import Section
    from console.settings.model import Settings

READ = ("terraform.root", "terraform.plugin_dir", "image.context")
"""Directories that have to exist."""
WRITTEN = ("image.directory", "store")
"""Directories that the console makes."""


def _path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("no path; write one such as ../worker")
    return Path(value)


FilePath = Annotated[
    Path,
    PlainValidator(_path),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
"""The path of a directory."""


def locate(
    values: Mapping[str, object], *, beside: Path, current: Path, home: Path | None
) -> tuple[dict[str, Path], list[Complaint]]:
    """Return the absolute paths that the settings mean, by key, and what is missing.

    Args:
        values: The settings by dotted key; a path that is not among them is left out.
        beside: Directory of the settings file, absolute.
        current: The current directory, absolute.
        home: What a leading `~` stands for; None where nobody knows.
    """
    paths, complaints = {}, []
    for key in (*READ, *WRITTEN):
        written = values.get(key)
        if not isinstance(written, Path):
            continue
        path = _at_home(written, home)
        if key in WRITTEN:
            paths[key] = _absolute(beside, path)
            continue
        tried = tuple(dict.fromkeys(_absolute(start, path) for start in (beside, current)))
        found = next((place for place in tried if _is_directory(place)), None)
        if found is None:
            complaints.append(Complaint(tuple(key.split(".")), _missing(written, tried)))
        else:
            paths[key] = found
    return paths, complaints


def placed(settings: Settings, paths: Mapping[str, Path]) -> Settings:
    """Return `settings` with the paths that `locate` found in the place of the written ones."""
    for key, path in paths.items():
        name, _, field = key.rpartition(".")
        change: object = path
        if name:
            section: Section = getattr(settings, name)
            change = section.model_copy(update={field: path})
        settings = settings.model_copy(update={name or field: change})
    return settings


def _at_home(path: Path, home: Path | None) -> Path:
    return home.joinpath(*path.parts[1:]) if home and path.parts[:1] == ("~",) else path


def _absolute(start: Path, path: Path) -> Path:
    # Not Path.resolve(): a link that the operator wrote stays as written, and a loop cannot raise.
    parts: list[str] = []
    for part in (start / path).parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != "..":
            parts.append(part)
    return Path(*parts)


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long a name, no permission: not there for us
        return False


def _missing(written: Path, tried: tuple[Path, ...]) -> str:
    places = " and ".join(str(place) for place in tried)
    return (
        f"{quoted(str(written))} is no directory; tried {places}; "
        "write an absolute path, or one relative to this file"
    )
