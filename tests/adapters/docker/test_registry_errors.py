"""Every trouble that operators meet is a sentence with a remedy."""

from __future__ import annotations

import pytest

from console.adapters.docker.registry_errors import TABLE, engine_gone, explained, row_of

# As engines and registries write them: Docker 20.10 and 28, distribution, ECR, Docker Hub, Harbor,
# GitLab, Artifact Registry.
TOLD = (
    ("unauthorized", "unauthorized: authentication required"),
    ("unauthorized", "denied: requested access to the resource is denied"),
    ("unauthorized", "no basic auth credentials"),
    ("unauthorized", "unauthorized: incorrect username or password"),
    ("unauthorized", "denied: User: arn:x is not authorized to perform: ecr:InitiateLayerUpload"),
    ("unauthorized", "HTTP 403: Forbidden"),
    ("expired", "denied: Your authorization token has expired. Reauthenticate and try again."),
    (
        "no such repository",
        "name unknown: The repository with name 'checks/launcher' does not exist in the registry",
    ),
    ("no such repository", 'HTTP 404: {"errors":[{"code":"NAME_UNKNOWN","message":"x"}]}'),
    ("no such repository", "unknown: project checks not found: project checks not found"),
    (
        "tag immutable",
        "tag invalid: The image tag '0.9.1' already exists in the 'checks' repository",
    ),
    ("tag immutable", "Failed to process request due to 'checks:0.9.1' configured as immutable."),
    (
        "quota",
        "denied: adding 12.3 MiB will exceed the configured upper limit of 1.0 GiB. Quota exceeded",
    ),
    ("quota", "toomanyrequests: You have reached your pull rate limit."),
    ("quota", "HTTP 429: too many requests"),
    ("TLS", "Get https://r.example.com/v2/: x509: certificate signed by unknown authority"),
    ("TLS", 'Get "https://10.0.0.1:5000/v2/": http: server gave HTTP response to HTTPS client'),
    ("TLS", "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"),
    ("disk full", "write /var/lib/docker/tmp/x: no space left on device"),
    ("disk full", "unknown: filesystem: mkdir /var/lib/registry: no space left on device"),
    ("needs BuildKit", "the --mount option requires BuildKit. Refer to https://docs.docker.com/go"),
    ("needs a session", "failed to solve: no active sessions"),
    ("registry gone", "Put http://x/v2/: dial tcp 127.0.0.1:5000: connect: connection refused"),
    ("registry gone", "write tcp 10.0.0.1:443: write: broken pipe"),
    ("registry gone", "Get https://r.example/v2/: dial tcp: lookup r.example: no such host"),
    ("registry gone", "net/http: request canceled: context deadline exceeded"),
    ("registry gone", "received unexpected HTTP status: 503 Service Unavailable"),
    ("registry gone", "unexpected EOF"),
    ("registry gone", "Max retries exceeded with url: /v2/ (Errno 111: Connection refused)"),
)


@pytest.mark.parametrize(("name", "text"), TOLD)
def test_the_words_of_makers_and_versions_mean_the_same(name: str, text: str) -> None:
    row = row_of(text)
    assert row is not None
    assert row.name == name


def test_every_row_is_met() -> None:
    assert {name for name, _ in TOLD} == {row.name for row in TABLE}


@pytest.mark.parametrize("text", [text for _, text in TOLD])
def test_each_is_a_sentence_with_its_place_its_remedy_and_its_words(text: str) -> None:
    failure = explained(text, what="the push", where="r.example.com/checks")

    assert "{" not in failure.message
    assert failure.hint
    assert failure.evidence == text


def test_what_nobody_has_foreseen_is_shown_as_it_is() -> None:
    failure = explained("gremlins [/] \x1b[31m", what="the push", where="r.example.com/checks")

    assert failure.message == "the push failed"
    assert failure.evidence == "gremlins [/] \x1b[31m"


def test_an_engine_that_goes_away_is_no_registrys_fault() -> None:
    failure = engine_gone("the build", "connection reset")

    assert "engine went away while the build" in failure.message
    assert "no region was changed" in failure.message
    assert "same command again" in failure.hint
