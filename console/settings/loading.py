"""Which settings does a file give, or what is wrong with it?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from console.settings.checks import complaints_of
from console.settings.document import Document, parse_document
from console.settings.expansion import expand
from console.settings.findings import (
    Complaint,
    Finding,
    SettingsError,
    key_of,
    printable,
)
from console.settings.locations import locate, placed
from console.settings.model import Settings
from console.settings.not_yet import refused
from console.settings.reading import read_text, settings_path
from console.settings.salvage import salvage, values_of
from console.settings.syntax import NotYaml
from console.settings.translation import complaints_of_types


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in a file, every path in them absolute.

    Args:
        path: The file; None takes RELEASE_CONSOLE_CONFIG, or else `config/release.yaml`.
        environ: The environment; None takes the process's own.

    Raises:
        SettingsError: with everything that is wrong with the file.
    """
    environ = os.environ if environ is None else environ
    path = settings_path(environ) if path is None else path
    return parse(read_text(path), path, environ)


def parse(text: str, path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings in `text`, every path in them absolute.

    Args:
        text: YAML.
        path: The file that it stands in, or would stand in: what relative paths are relative to.
        environ: The environment.

    Raises:
        SettingsError: with everything that is wrong with the text.
    """
    try:
        document = parse_document(text)
    except NotYaml as error:
        raise SettingsError(_findings([error.complaint], path, Document())) from None
    if not isinstance(document.data, dict):
        raise SettingsError(_findings([_no_mapping(document)], path, document))
    settings, complaints = _validated(document, path, environ)
    if settings is None or complaints:
        raise SettingsError(_findings(complaints, path, document))
    settings._source = Path.cwd() / path
    return settings


def _validated(
    document: Document, path: Path, environ: Mapping[str, str]
) -> tuple[Settings | None, list[Complaint]]:
    """Return the settings, or None, and everything to complain of."""
    data, unset = expand(document.data, environ)
    # What stands at a place that is known to be wrong gets no second sentence.
    found = [*unset, *refused(data)]
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(data)
        values = values_of(settings)
    except ValidationError as error:
        values = salvage(Settings, data)
        found += _new(complaints_of_types(error, document), found)
    home = environ.get("HOME")
    paths, missing = locate(
        values,
        beside=Path.cwd() / path.parent,
        current=Path.cwd(),
        home=Path(home) if home else None,
    )
    found += _new((*missing, *complaints_of(values, data)), found)
    return settings and placed(settings, paths), [*document.complaints, *found]


def _new(complaints: Iterable[Complaint], found: Iterable[Complaint]) -> list[Complaint]:
    """Return the complaints about places that nothing was found at, nor around."""
    known = {complaint.location for complaint in found}
    return [
        complaint
        for complaint in complaints
        if not any(complaint.location[:end] in known for end in range(len(complaint.location) + 1))
    ]


def _no_mapping(document: Document) -> Complaint:
    if document.data is None:
        return Complaint((), "is empty; copy config/prod.example.yaml and edit the copy")
    return Complaint(
        (), "holds no settings: these are `key: value` lines, see config/prod.example.yaml", 1
    )


def _findings(complaints: Iterable[Complaint], path: Path, document: Document) -> list[Finding]:
    """Return the complaints as findings, in the order of the file, each once."""
    findings = {
        Finding(
            printable(str(path)),
            document.line_of(c.location) if c.line is None else c.line,
            c.column,
            key_of(c.location),
            c.message,
        ): None
        for c in complaints
    }
    return sorted(findings, key=lambda finding: (finding.line or 0, finding.column or 0))
