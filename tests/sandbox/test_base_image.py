"""By what is a base image known, so that it is made once?"""

from __future__ import annotations

import sys
from pathlib import Path

from console.sandbox.containers.base_image import _identity
from console.sandbox.containers.python_tree import TreeFile, _files_below


def identity(root: Path) -> str:
    files = sorted(_files_below(root))
    return _identity([TreeFile(str(path.relative_to(root)), path) for path in files], None)


def test_caches_that_come_and_go_make_no_other_image(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("answer = 42\n")
    before = identity(tmp_path)
    caches = tmp_path / "__pycache__"
    caches.mkdir()
    own = f"module.{sys.implementation.cache_tag}.pyc"
    for name in (own, f"{own}.140215638384896", "module.cpython-38.opt-2.pyc"):
        (caches / name).write_bytes(b"0")

    assert identity(tmp_path) == before
    assert [path.name for path in _files_below(caches)] == [own]
    module.write_text("answer = 42.0\n")
    assert identity(tmp_path) != before
