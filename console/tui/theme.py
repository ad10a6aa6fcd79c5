"""Which colours does the console have?

Three themes with the same roles: one accent, and a colour for each tone of a sentence. The third
keeps apart what most colour-blind people confuse (after the palette of Okabe and Ito).
"""

from __future__ import annotations

from textual.theme import Theme


def _theme(
    name: str,
    *,
    dark: bool,
    ground: str,
    raised: str,
    ink: str,
    quiet: str,
    line: str,
    accent: str,
    good: str,
    warn: str,
    bad: str,
) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=accent,
        secondary=accent,
        accent=accent,
        success=good,
        warning=warn,
        error=bad,
        foreground=ink,
        background=ground,
        surface=ground,
        panel=raised,
        variables={
            "quiet": quiet,
            "line": line,
            "good": good,
            "warn": warn,
            "bad": bad,
            "ask": accent,
            "footer-background": ground,
            "footer-item-background": ground,
            "footer-key-background": ground,
            "footer-description-background": ground,
            "footer-foreground": ink,
            "footer-key-foreground": accent,
            "footer-description-foreground": quiet,
            "block-cursor-background": raised,
            "block-cursor-foreground": ink,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": ground,
            "block-cursor-blurred-foreground": ink,
            "block-cursor-blurred-text-style": "none",
            "border": accent,
            "border-blurred": line,
            "scrollbar": line,
            "scrollbar-hover": quiet,
            "scrollbar-active": accent,
            "scrollbar-background": ground,
            "scrollbar-background-hover": ground,
            "scrollbar-background-active": ground,
            "scrollbar-corner-color": ground,
            "input-selection-background": f"{accent} 35%",
        },
    )


DARK = _theme(
    "console-dark",
    dark=True,
    ground="#12161c",
    raised="#222a35",
    ink="#d6dbe2",
    quiet="#7c8796",
    line="#303a47",
    accent="#6fb3f2",
    good="#7fbf8e",
    warn="#dcae5c",
    bad="#ec7a7d",
)
LIGHT = _theme(
    "console-light",
    dark=False,
    ground="#fbfaf7",
    raised="#e6e9ee",
    ink="#22272e",
    quiet="#69727d",
    line="#cfd4da",
    accent="#0b62b8",
    good="#1d7a3c",
    warn="#8d5a00",
    bad="#b8242b",
)
COLOUR_BLIND = _theme(
    "console-colour-blind",
    dark=True,
    ground="#101317",
    raised="#262c34",
    ink="#e2e4e8",
    quiet="#8a9099",
    line="#363d47",
    accent="#f0e442",
    good="#56b4e9",
    warn="#e69f00",
    bad="#e8743b",
)
THEMES = (DARK, LIGHT, COLOUR_BLIND)
