"""What exactly is Terraform told?

Pure functions from values to argument lists, without the program's own name in front. They are made
with python-terraform's builder; its process handling is not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from python_terraform import IsFlagged, Terraform

NO_WAIT = "0s"
"""A lock that somebody holds is told at once; who holds it is what the operator needs to know."""


class _Builder(Terraform):  # type: ignore[misc]  # python-terraform has no types
    def read_state_file(self, file_path: str | None = None) -> None:
        """Read nothing: the original opens whatever state lies in the current directory."""


def init(
    root: Path, backend: Mapping[str, str | bool | int], plugin_dir: Path | None
) -> tuple[str, ...]:
    """Return `init` with the backend's settings in the order that they are given in."""
    return _build(
        root,
        "init",
        input=False,
        no_color=IsFlagged,
        reconfigure=IsFlagged,
        backend_config={key: _word(value) for key, value in backend.items()},
        plugin_dir=plugin_dir,
    )


def plan(
    root: Path,
    *,
    out: Path,
    var_file: Path,
    parallelism: int,
    replace: Sequence[str] = (),
    target: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return `plan`; `replace` and `target` are addresses."""
    return _build(
        root,
        "plan",
        input=False,
        json=IsFlagged,
        out=out,
        var_file=var_file,
        lock_timeout=NO_WAIT,
        parallelism=parallelism,
        replace=list(replace),
        target=list(target),
    )


def apply(root: Path, plan_file: Path, *, parallelism: int) -> tuple[str, ...]:
    """Return `apply` of a saved plan, which never asks."""
    return _build(
        root,
        "apply",
        str(plan_file),
        json=IsFlagged,
        input=False,
        lock_timeout=NO_WAIT,
        parallelism=parallelism,
    )


def show(root: Path, plan_file: Path) -> tuple[str, ...]:
    """Return `show` of a saved plan as JSON."""
    return _build(root, "show", str(plan_file), json=IsFlagged, no_color=IsFlagged)


def taint(root: Path, address: str) -> tuple[str, ...]:
    """Return `taint` of one address; Terraform takes no more."""
    return _build(root, "taint", address, no_color=IsFlagged, lock_timeout=NO_WAIT)


def untaint(root: Path, address: str) -> tuple[str, ...]:
    """Return `untaint` of one address."""
    return _build(root, "untaint", address, no_color=IsFlagged, lock_timeout=NO_WAIT)


def state_pull(root: Path) -> tuple[str, ...]:
    """Return `state pull`, which prints the state and takes no lock."""
    return _build(root, "state pull")


def state_push(root: Path, state_file: Path) -> tuple[str, ...]:
    """Return `state push`, which takes only a newer state of the same lineage."""
    return _build(root, "state push", str(state_file), no_color=IsFlagged, lock_timeout=NO_WAIT)


def state_remove(root: Path, address: str) -> tuple[str, ...]:
    """Return `state rm` of one address: the object stays, the state forgets it."""
    return _build(root, "state rm", address, no_color=IsFlagged, lock_timeout=NO_WAIT)


def import_object(root: Path, address: str, identity: str, *, var_file: Path) -> tuple[str, ...]:
    """Return `import` of the object called `identity` as `address`."""
    return _build(
        root,
        "import",
        address,
        identity,
        input=False,
        no_color=IsFlagged,
        lock_timeout=NO_WAIT,
        var_file=var_file,
    )


def force_unlock(root: Path, lock_id: str) -> tuple[str, ...]:
    """Return `force-unlock` of one lock; the console has asked before."""
    return _build(root, "force-unlock", lock_id, force=IsFlagged)


def validate(root: Path) -> tuple[str, ...]:
    """Return `validate` with its answer as JSON."""
    return _build(root, "validate", json=IsFlagged, no_color=IsFlagged)


def _build(root: Path, command: str, *arguments: str, **options: object) -> tuple[str, ...]:
    # -chdir stands before the command and may hold spaces, at which the builder would split.
    _, *built = _Builder().generate_cmd_string(command, *arguments, **options)
    return (f"-chdir={root}", *map(str, built))


def _word(value: str | bool | int) -> str:
    # The builder writes True, which Terraform does not read.
    return str(value).lower() if isinstance(value, bool) else str(value)
