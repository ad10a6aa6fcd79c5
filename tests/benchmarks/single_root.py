"""How does the classic root look for any number of regions?

Terraform wants a provider alias and a module block written out for each region, and the product's
own root has three. This one is made from it, so that it is the same but for the number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from console.founding import terraform_root

_TEMPLATE_REGION = "us-east-1"
_OTHER_REGIONS = ("us-west-1", "eu-west-1")
_ALL_REGIONS = json.dumps([_TEMPLATE_REGION, *_OTHER_REGIONS])
_MODULES = '"../modules/'

# A comment or a block, from its first column to the brace that closes it; and a line of a map.
_BLOCK = re.compile(r"(?:^#[^\n]*\n)+|^\w[^\n]*\{\n.*?^\}\n", re.MULTILINE | re.DOTALL)


def write_single_root(directory: Path, regions: Sequence[str]) -> Path:
    """Write a root for `regions` into a new directory and return it."""
    source = terraform_root("single-root")
    directory.mkdir()
    for file in sorted(source.glob("*.tf")):
        text = file.read_text(encoding="utf-8")
        text = text.replace(_ALL_REGIONS, json.dumps(list(regions)))
        text = text.replace(_MODULES, f'"{source.parent}/modules/')
        blocks = (_for_regions(block, regions) for block in _BLOCK.findall(text))
        (directory / file.name).write_text("\n".join(filter(None, blocks)), encoding="utf-8")
    return directory


def _for_regions(block: str, regions: Sequence[str]) -> str:
    """Return a block as often as it takes, or with its line for a region as often."""
    first, *_ = lines = block.splitlines(keepends=True)
    if _is_of_one_region(block):
        return "\n".join(_copies(block, regions)) if _TEMPLATE_REGION in block else ""
    if first.startswith(("variable", "#")):
        return block
    kept = [line for line in lines if not any(name in line for name in _OTHER_REGIONS)]
    return "".join(
        copy
        for line in kept
        for copy in (_copies(line, regions) if _TEMPLATE_REGION in line else [line])
    )


def _is_of_one_region(block: str) -> bool:
    named = [name for name in (_TEMPLATE_REGION, *_OTHER_REGIONS) if name in block]
    return len(named) == 1 and block.startswith(("module", "data", "provider"))


def _copies(text: str, regions: Sequence[str]) -> list[str]:
    return [text.replace(_TEMPLATE_REGION, region) for region in regions]
