"""Why can a text not be read as YAML, in words?"""

from __future__ import annotations

import yaml
from yaml.reader import ReaderError

from console.settings.findings import Complaint, printable

_REMEDIES = (
    ("mapping values are not allowed", "a second ': ' on one line? put the value in quotes"),
    ("cannot start any token", "put the value in quotes; indent with spaces, never with tabs"),
    ("could not find expected ':'", "is the line above missing its ':' or a closing quote?"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("while scanning a quoted scalar", "a quote is never closed"),
    ("found unexpected end of stream", "a quote is never closed"),
    ("expected ',' or ']'", "a list [...] is never closed"),
    ("expected ',' or '}'", "a mapping {...} is never closed"),
    ("found undefined alias", "a value that begins with * needs quotes"),
    ("expected a single document", "keep one document: remove the '---' and what follows"),
    ("special characters are not allowed", "remove the control character"),
)
"""The scanner's words, and what they mostly mean."""


class NotYaml(Exception):  # noqa: N818 - it says what the text is
    """The text cannot be read as YAML."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.message)
        self.complaint = complaint
        """Where, and why."""


def compose(text: str) -> yaml.Node | None:
    """Return the root node of the only document in `text`; None where there is nothing.

    Raises:
        NotYaml: when the text is not YAML.
    """
    try:
        # BaseLoader resolves no types: `console.settings.document` does.
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.BaseLoader)
    except ReaderError as error:
        line, column = _place(text, error.position)
        raise _not_yaml(str(error.reason), line, column) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        if mark is None:
            raise _not_yaml(problem) from None
        raise _not_yaml(problem, mark.line + 1, mark.column + 1) from None
    # Too deep for the parser, or an escape or a version number that it does not check.
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, OverflowError) as error:
        raise _not_yaml(f"the parser gave up ({type(error).__name__})") from None
    return root


def _place(text: str, position: int) -> tuple[int, int]:
    """Return the line and the column of a position, both counted from 1."""
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


def _not_yaml(problem: str, line: int | None = None, column: int | None = None) -> NotYaml:
    remedy = next((words for sign, words in _REMEDIES if sign in problem), "")
    message = "; ".join(part for part in (f"is not YAML: {printable(problem)}", remedy) if part)
    return NotYaml(Complaint((), message, line, column))
