"""What do the environment variables in the settings stand for?

`${NAME}` in a text becomes the variable's value; `$${` is the way to write `${` itself. A value is
put in as it is and never read again: no variable can bring a key, a list or another variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.settings.findings import Complaint, Location, quoted

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")


def expand(
    value: object, environ: Mapping[str, str], location: Location = ()
) -> tuple[object, list[Complaint]]:
    """Return `value` with its variables put in, and a complaint for each that cannot be.

    Args:
        value: What `console.settings.document` made of the file.
        environ: The environment.
        location: Where `value` stands.
    """
    complaints: list[Complaint] = []

    def walk(part: object, here: Location) -> object:
        if isinstance(part, dict):
            return {key: walk(inner, (*here, key)) for key, inner in part.items()}
        if isinstance(part, list):
            return [walk(inner, (*here, index)) for index, inner in enumerate(part)]
        if not isinstance(part, str) or "${" not in part:
            return part
        expanded, problems = _text(part, environ)
        complaints.extend(Complaint(here, problem) for problem in problems)
        return expanded

    return walk(value, location), complaints


def _text(text: str, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    problems: list[str] = []

    def put_in(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "${"
        if not match[2]:
            problems.append('has a "${" that is never closed; write $${ for the characters')
        elif not _NAME.fullmatch(name):
            problems.append(
                f"asks for {quoted('${' + name + '}')}, which is no environment variable; write "
                "${NAME}, or $${ for the characters"
            )
        elif name not in environ:
            problems.append(
                f"needs the environment variable {name}, which is not set; set it, or write "
                "$${ for the characters"
            )
        return environ.get(name, "")

    return _PLACE.sub(put_in, text), problems
