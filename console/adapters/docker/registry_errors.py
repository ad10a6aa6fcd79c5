"""What does an error of an engine or of a registry mean, and what is the remedy?

Engine and registry tell it in English sentences that differ between makers and versions. What they
have in common are the words in this table; the first row that fits counts. The text itself is kept
as evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.domain.failure import Failure, FailureKind


@dataclass(frozen=True, slots=True)
class Row:
    """One trouble that operators meet."""

    name: str
    words: re.Pattern[str]
    sentence: str
    """`{what}` is what was being done, `{where}` the repository."""
    remedy: str
    is_passing: bool = False
    """Whether trying again at once may help."""


def _row(name: str, words: str, sentence: str, remedy: str, *, is_passing: bool = False) -> Row:
    return Row(name, re.compile(words, re.IGNORECASE), sentence, remedy, is_passing)


TABLE = (
    _row(
        "tag immutable",
        r"tag .*already exists|immutable|cannot be overwritten|HTTP 412",
        "{where} has this label already, and its labels never move",
        "a release is immutable: ship these changes under a new label with --release",
    ),
    _row(
        "quota",
        r"quota|limit ?exceeded|storage limit|toomanyrequests|too many requests|rate limit"
        r"|HTTP 429",
        "{where} takes no more: a quota or a rate limit is reached",
        "remove images there that no fleet runs, or raise the quota; after a rate limit, wait",
    ),
    _row(
        "expired",
        r"token has expired|token is expired|ExpiredToken|reauthenticate",
        "the login for {where} has expired",
        "log in again (docker login; for ECR, to AWS), then run it again",
    ),
    _row(
        "no such repository",
        r"name unknown|NAME_UNKNOWN|repository .*(?:does not exist|not found)"
        r"|RepositoryNotFound|project .*not found",
        "there is no repository {where}",
        "create it, or correct image.repository in the settings; most registries create none "
        "at a push",
    ),
    _row(
        "unauthorized",
        r"unauthorized|authentication required|no basic auth|incorrect username|denied"
        r"|forbidden|insufficient.scope|HTTP 40[13]",
        "{where} does not let us in",
        "docker login to that registry as somebody who may push; for ECR, allow "
        "ecr:GetAuthorizationToken and the push actions",
    ),
    _row(
        "TLS",
        r"x509|certificate|tls:|SSL|HTTP response to HTTPS client",
        "the TLS of {where} cannot be trusted",
        "give the engine the registry's CA (/etc/docker/certs.d/HOST/ca.crt); one without TLS "
        "has to be in the engine's insecure-registries (Podman: insecure=true in "
        "/etc/containers/registries.conf), where it is not on loopback of a Docker engine",
    ),
    _row(
        "disk full",
        r"no space left|disk quota|ENOSPC",
        "the disk is full: {what} found no room",
        "docker system prune makes room on the engine's machine; if it is the registry's disk, "
        "collect its garbage",
    ),
    _row(
        "needs BuildKit",
        r"requires BuildKit|unknown flag: (?:mount|link|chmod)|unknown instruction: <<"
        r"|the --\w+ option requires",
        "this Dockerfile needs BuildKit, which this engine did not use",
        "use a newer engine; or docker buildx build --push it elsewhere and ship it with --image",
    ),
    _row(
        "needs a session",
        r"no active sessions?|session .*not found|no valid session",
        "this Dockerfile needs what only the docker command gives to BuildKit (secrets, ssh, or "
        "the login to a private base image)",
        "docker pull the base image first; or docker buildx build --push it and ship it with "
        "--image",
    ),
    _row(
        "registry gone",
        r"connection refused|connection reset|broken pipe|i/o timeout|no such host|timed? ?out"
        r"|network is unreachable|no route to host|\bEOF\b|server closed|HTTP 5\d\d"
        r"|received unexpected HTTP status: 5|failed to resolve|name resolution|context deadline",
        "{where} stopped answering while {what}",
        "see that the registry runs and is reachable from the engine, then run it again: layers "
        "that arrived are not sent twice",
        is_passing=True,
    ),
)


def row_of(text: str) -> Row | None:
    """Return the row that `text` falls under, or None for what nobody has foreseen."""
    return next((row for row in TABLE if row.words.search(text)), None)


def explained(text: str, *, what: str, where: str) -> Failure:
    """Return what `text` means.

    Args:
        text: what the engine or the registry said; kept as evidence.
        what: what was under way, such as "the push".
        where: the repository or its registry.
    """
    row = row_of(text)
    if row is None:
        return Failure(
            FailureKind.FAILED,
            f"{what} failed",
            "the last lines say why; mend that and run it again",
            text,
        )
    return Failure(
        FailureKind.FAILED, row.sentence.format(what=what, where=where), row.remedy, text
    )


def engine_gone(what: str, text: str) -> Failure:
    """Return the failure of an engine that went away in the middle of `what`."""
    return Failure(
        FailureKind.FAILED,
        f"the Docker engine went away while {what} was under way; no region was changed",
        "start it again (systemctl status docker), then run the same command again",
        text,
    )
