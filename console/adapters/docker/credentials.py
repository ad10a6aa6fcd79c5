"""With which credentials does a registry know us?

Those that `docker login` keeps: the Docker configuration and its credential helpers. For ECR, where
a login lasts twelve hours, a fresh token of AWS. They are handed on in memory and in request
headers, never on a command line, and no error shows them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from console.adapters.aws.trouble import explain
from console.domain.failure import Failure, FailureKind

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_ECR = re.compile(r"[0-9]{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True, slots=True)
class Login:
    """What a registry is told; no `repr` shows it."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """A refresh token, which some helpers give in place of a password."""

    @property
    def for_engine(self) -> dict[str, str]:
        """As the engine's API takes it."""
        if self.identity_token:
            return {"identitytoken": self.identity_token}
        return {"username": self.username, "password": self.password}


class _Ecr(Protocol):
    def get_authorization_token(self) -> Mapping[str, list[Mapping[str, str]]]: ...


def ecr_region(host: str) -> str | None:
    """Return the region of an ECR registry, or None for another registry."""
    match = _ECR.fullmatch(host)
    return match[1] if match else None


def find_login(host: str, profile: str | None = None) -> Login | Failure | None:
    """Return the login for `host`; None where nobody has logged in. Blocks.

    Args:
        host: the registry, with its port.
        profile: the AWS profile that ECR is asked with.
    """
    region = ecr_region(host)
    return _of_docker(host) if region is None else _of_ecr(host, region, profile)


def _of_docker(host: str) -> Login | Failure | None:
    from docker import auth
    from docker.errors import DockerException

    try:
        # The SDK knows Docker Hub's entry by the name None.
        found = auth.load_config().resolve_authconfig(None if host == "docker.io" else host)
    except DockerException as error:
        return Failure(
            FailureKind.REFUSED,
            f"the credential helper for {host} failed",
            f"docker login {host}, or see credHelpers and credsStore in Docker's config.json",
            str(error),
        )
    if not found:
        return None
    return Login(
        str(found.get("Username") or found.get("username") or ""),
        str(found.get("Password") or found.get("password") or ""),
        str(found.get("IdentityToken") or found.get("identitytoken") or ""),
    )


def _of_ecr(host: str, region: str, profile: str | None) -> Login | Failure:
    import boto3

    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        client = cast(_Ecr, session.client("ecr"))
        (data,) = client.get_authorization_token()["authorizationData"]
    except Exception as error:
        trouble = explain(error, "ecr", region)
        if trouble is None:
            raise  # no word of AWS: a bug of ours
        return Failure(
            FailureKind.REFUSED,
            f"AWS gives no login for {host}: {trouble.message}",
            trouble.hint or "allow ecr:GetAuthorizationToken, or log in to AWS again",
        )
    username, _, password = (
        base64.b64decode(data["authorizationToken"]).decode("ascii").partition(":")
    )
    return Login(username, password)
