"""Where is the settings file, and can it be read?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from console.settings.findings import Finding, SettingsError, printable

DEFAULT_PATH = Path("config/release.yaml")
"""Read where neither --config nor the environment names a file."""
VARIABLE = "RELEASE_CONSOLE_CONFIG"
"""The environment variable that names another."""

_MOST_BYTES = 1024 * 1024
"""No settings are larger; an archive given by mistake is."""
_HINT = (
    "release-console --sandbox runs on an embedded world and needs no file; for a fleet of your "
    "own copy config/prod.example.yaml to {path} and edit it"
)


def settings_path(environ: Mapping[str, str]) -> Path:
    """Return the settings file that is meant when none is named on the command line."""
    named = environ.get(VARIABLE, "")
    return Path(named) if named else DEFAULT_PATH


def read_text(path: Path) -> str:
    """Return the text of a settings file.

    Raises:
        SettingsError: when there is no such file, or it cannot be read as text.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        hint = _HINT.format(path=printable(str(path)))
        raise _unusable(path, "there is no such file", hint=hint) from None
    except IsADirectoryError:
        message = f"is a directory; name the file in it, such as {path / 'release.yaml'}"
        raise _unusable(path, message) from None
    except PermissionError:
        raise _unusable(path, "cannot be read: you lack the permission for it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unusable(path, f"cannot be read: {printable(reason)}") from None
    if len(raw) > _MOST_BYTES:
        raise _unusable(path, "is larger than 1 MiB, which no settings are; is it another file?")
    return _decoded(path, raw)


def _decoded(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = (
            f"is not UTF-8 text: the byte 0x{raw[error.start]:02x} on this line; "
            "save the file as UTF-8"
        )
        raise _unusable(path, message, line) from None


def _unusable(path: Path, message: str, line: int | None = None, hint: str = "") -> SettingsError:
    return SettingsError([Finding(printable(str(path)), line, None, "", printable(message))], hint)
