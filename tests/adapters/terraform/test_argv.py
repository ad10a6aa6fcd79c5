"""Every command line that can change something, pinned."""

from __future__ import annotations

from pathlib import Path

from console.adapters.terraform import argv

ROOT = Path("/etc/my root")
CHDIR = "-chdir=/etc/my root"
SLOT = "module.workers.aws_instance.worker[0]"


def test_init() -> None:
    built = argv.init(ROOT, {"bucket": "b", "use_lockfile": True}, Path("/mirror"))
    assert built == (
        *(CHDIR, "init", "-input=false", "-no-color", "-reconfigure"),
        *("-backend-config=bucket=b", "-backend-config=use_lockfile=true", "-plugin-dir=/mirror"),
    )


def test_init_from_the_registry() -> None:
    assert argv.init(ROOT, {}, None) == (CHDIR, "init", "-input=false", "-no-color", "-reconfigure")


def test_plan() -> None:
    built = argv.plan(ROOT, out=Path("/p"), var_file=Path("/v.tfvars.json"), parallelism=12)
    assert built == (
        *(CHDIR, "plan", "-input=false", "-json", "-out=/p", "-var-file=/v.tfvars.json"),
        *("-lock-timeout=0s", "-parallelism=12"),
    )


def test_plan_with_replacements_and_targets() -> None:
    built = argv.plan(
        ROOT,
        out=Path("/p"),
        var_file=Path("/v"),
        parallelism=10,
        replace=[SLOT, "b[1]"],
        target=["module.workers-eu-west-1"],
    )
    assert built[-3:] == (
        *(f"-replace={SLOT}", "-replace=b[1]", "-target=module.workers-eu-west-1"),
    )


def test_apply() -> None:
    assert argv.apply(ROOT, Path("/p"), parallelism=10) == (
        *(CHDIR, "apply", "-json", "-input=false", "-lock-timeout=0s", "-parallelism=10", "/p"),
    )


def test_show() -> None:
    assert argv.show(ROOT, Path("/p")) == (CHDIR, "show", "-json", "-no-color", "/p")


def test_taint() -> None:
    assert argv.taint(ROOT, SLOT) == (CHDIR, "taint", "-no-color", "-lock-timeout=0s", SLOT)


def test_untaint() -> None:
    assert argv.untaint(ROOT, SLOT) == (CHDIR, "untaint", "-no-color", "-lock-timeout=0s", SLOT)


def test_state_pull() -> None:
    assert argv.state_pull(ROOT) == (CHDIR, "state", "pull")


def test_state_remove() -> None:
    assert argv.state_remove(ROOT, SLOT) == (
        *(CHDIR, "state", "rm", "-no-color", "-lock-timeout=0s", SLOT),
    )


def test_state_push_never_forces() -> None:
    assert argv.state_push(ROOT, Path("/s.tfstate")) == (
        *(CHDIR, "state", "push", "-no-color", "-lock-timeout=0s", "/s.tfstate"),
    )


def test_import_object() -> None:
    assert argv.import_object(ROOT, SLOT, "i-0a", var_file=Path("/v")) == (
        *(CHDIR, "import", "-input=false", "-no-color", "-lock-timeout=0s", "-var-file=/v"),
        *(SLOT, "i-0a"),
    )


def test_force_unlock() -> None:
    assert argv.force_unlock(ROOT, "id") == (CHDIR, "force-unlock", "-force", "id")


def test_validate() -> None:
    assert argv.validate(ROOT) == (CHDIR, "validate", "-json", "-no-color")


def test_a_state_file_in_the_current_directory_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfstate").write_text("no JSON")
    import os

    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert argv.validate(ROOT)
    finally:
        os.chdir(before)
