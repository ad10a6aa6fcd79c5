"""How is a report written as one page of HTML?

Self-contained: no script, no font, no picture from elsewhere; its own policy forbids them. Whatever
stands in it is escaped by the template engine.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from console.domain.foreign import shown_lines
from console.domain.report.blocks import Block, Plot, Report
from console.report.svg import draw


def to_html(report: Report) -> str:
    """Return the page."""
    template, style = _template()
    return template.render(report=report, style=style)


@cache
def _template() -> tuple[Template, Markup]:
    environment = Environment(
        loader=PackageLoader("console.report", package_path="."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"foreign": _foreign, "drawn": _drawn, "kind": _kind}
    assert environment.loader is not None  # given above  # noqa: S101
    style, _, _ = environment.loader.get_source(environment, "report.css")
    # Ours, a file of this package; everything else on the page is escaped.
    return environment.get_template("report.html.jinja"), Markup(style)  # noqa: S704


def _foreign(text: str) -> str:
    return "\n".join(shown_lines(text))


def _drawn(plot: Plot) -> Markup:
    # ElementTree has escaped every text and attribute of it.
    return Markup(draw(plot))  # noqa: S704


def _kind(block: Block) -> str:
    return type(block).__name__
