"""In which environment does Terraform run?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_UNCOLLECTED = {"GOGC": "off", "GOMEMLIMIT": "300MiB"}


def child_environment(parent: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """Return the environment of a Terraform that nobody sits at.

    Args:
        parent: the console's own environment.
        data_dir: the unit's own place for what `init` installs.
    """
    # TF_CLI_ARGS would change every argument list behind our back, -auto-approve included.
    child = {name: value for name, value in parent.items() if not name.startswith("TF_CLI_ARGS")}
    config = child.get("TF_CLI_CONFIG_FILE")
    if config and not Path(config).is_file():
        # Terraform only warns of a missing file, and does so at every command.
        del child["TF_CLI_CONFIG_FILE"]
    if "GOGC" not in child and "GOMEMLIMIT" not in child:
        # A run is short and mostly decodes the provider's schema: collecting that as it goes costs
        # a fifth of its CPU. The limit is soft, per process: above it Go collects again.
        child |= _UNCOLLECTED
    return child | {
        "CHECKPOINT_DISABLE": "1",
        "TF_DATA_DIR": str(data_dir),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
    }
