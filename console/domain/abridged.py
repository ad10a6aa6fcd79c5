"""How is what Terraform and Docker say told in the room of a screen?

Only there: journal, logs and reports keep every letter.
"""

from __future__ import annotations

import re

_WORKER = re.compile(
    r"(?P<path>(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*)aws_instance\.(?P<name>[\w-]+)\[(?P<slot>\d+)\]"
)
# In a root that holds several regions, a module's name tells which one it is.
_REGION = re.compile(r"\b[a-z]{2}(?:-gov|-iso[a-z]?)?[-_][a-z]+[-_]\d\b")
_DEPOSED = re.compile(r"\(deposed object (?P<key>[0-9a-f]{8})\)")
_ID = re.compile(r"\[id=(?P<id>i-[0-9a-f]+)\]")
_TWICE = re.compile(r"\b(?P<place>[\w-]+): (?P<step>\w+) of (?P=place): ")
_DIGEST = re.compile(r"sha256:(?P<head>[0-9a-f]{12})[0-9a-f]{52}(?![0-9a-f])")


def abridged(text: str) -> str:
    """Return `text` with workers' addresses as slots, digests' heads, and each place named once.

    >>> abridged("module.workers.aws_instance.worker[0]: Creating...")
    'slot 0: Creating...'
    """
    if "aws_instance." in text:
        text = _WORKER.sub(_slot, text)
        text = _ID.sub(r"\g<id>", _DEPOSED.sub(r"(deposed \g<key>)", text))
    text = _TWICE.sub(r"\g<place>: \g<step>: ", text)
    return _DIGEST.sub(r"\g<head>", text) if "sha256:" in text else text


def _slot(found: re.Match[str]) -> str:
    name, slot = found["name"], found["slot"]
    region = _REGION.search(found["path"])
    where = f"{region[0]} " if region is not None else ""
    return where + (f"slot {slot}" if name == "worker" else f"{name}[{slot}]")
