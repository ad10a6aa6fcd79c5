"""Which regions does AWS have?

botocore ships the list as data. It is read without importing botocore, which takes longer than
everything else that settings need.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from console.domain.vocabulary import RegionName
from console.settings.nearest import nearest

_SHAPE = re.compile(r"[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}")


@cache
def known_regions() -> tuple[str, ...]:
    """Return the regions of every AWS partition; empty where botocore has no such list."""
    package = find_spec("botocore")
    if package is None or package.origin is None:
        return ()
    try:
        text = (Path(package.origin).parent / "data" / "partitions.json").read_text("utf-8")
        partitions = json.loads(text)["partitions"]
        names = [name for partition in partitions for name in partition["regions"]]
    except (OSError, ValueError, LookupError, TypeError):
        return ()
    # "aws-global" and its like stand for services without a region.
    return tuple(sorted(name for name in names if _SHAPE.fullmatch(name)))


def parse_region(name: str) -> RegionName:
    """Return the AWS region called `name`.

    Raises:
        ValueError: when AWS has none of that name. A region that is newer than the installed
            botocore is refused too, since no client could reach it.
    """
    known = known_regions()
    if name in known:
        return RegionName(name)
    meant = nearest(name, known)
    question = f"; did you mean {meant}?" if meant else "; write one such as eu-west-1"
    if not _SHAPE.fullmatch(name):
        raise ValueError(f"no AWS region{question}")
    if not known:
        return RegionName(name)
    raise ValueError(
        f"no AWS region that the installed botocore knows{question} "
        "(a region newer than botocore needs: pip install --upgrade botocore)"
    )
