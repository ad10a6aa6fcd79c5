"""What do the words in braces stand for in a probe's settings?

`{region}`, `{release}`, `{fleet}` and `{digest}`, and nothing else: any other brace is left as it
stands, since commands, patterns and JSON are full of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.engine.ports import Probed

_WORD = re.compile(r"\{(region|release|fleet|digest)\}")


def words(probed: Probed) -> Mapping[str, str]:
    """Return what each word stands for."""
    return {
        "region": probed.region,
        "release": probed.release,
        "fleet": probed.fleet,
        "digest": probed.digest,
    }


def filled(text: str, probed: Probed) -> str:
    """Return `text` with the words in braces replaced, each once: a value is not looked through."""
    known = words(probed)
    return _WORD.sub(lambda found: known[found[1]], text)
