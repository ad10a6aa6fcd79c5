"""Which screens are there?

Each is imported when it is first asked for: the first frame waits for one of them, not for nine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.tui.screens.confirm import ConfirmScreen
    from console.tui.screens.help import HelpScreen
    from console.tui.screens.history import HistoryScreen
    from console.tui.screens.leave import LeaveScreen
    from console.tui.screens.operate import OperateScreen
    from console.tui.screens.recover import RecoverScreen
    from console.tui.screens.region import RegionScreen
    from console.tui.screens.replay import ReplayScreen
    from console.tui.screens.rollout import RolloutScreen
    from console.tui.screens.scale import ScaleScreen
    from console.tui.screens.start import StartScreen

__all__ = [
    "ConfirmScreen",
    "HelpScreen",
    "HistoryScreen",
    "LeaveScreen",
    "OperateScreen",
    "RecoverScreen",
    "RegionScreen",
    "ReplayScreen",
    "RolloutScreen",
    "ScaleScreen",
    "StartScreen",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class each
    if name not in __all__:
        raise AttributeError(f"there is no screen {name}")
    return getattr(import_module(f"{__name__}.{name.removesuffix('Screen').lower()}"), name)


def load() -> None:
    """Import all of them, so that nobody waits when the next one is opened."""
    for name in __all__:
        __getattr__(name)
