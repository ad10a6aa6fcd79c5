"""User data: a machine's settings are found, and rubbish is said to be rubbish."""

from __future__ import annotations

import base64
import gzip
from datetime import timedelta

import pytest

from console.sandbox.errors import UserDataError
from console.sandbox.user_data import decode_user_data, parse_user_data

GOOD = """#cloud-config
packages: [docker]
write_files:
  - path: /etc/motd
    content: hello
  - path: /etc/worker/worker.env
    permissions: "0644"
    content: |
      # told by Terraform
      AWS_REGION=eu-west-1
      WORK_QUEUE=http://127.0.0.1:1/123456789012/checks
      RESULTS_QUEUE=http://127.0.0.1:1/123456789012/results
      FLEET=fleet
      RELEASE=0.9.0

      IMAGE=a/b@sha256:00
      EXTRA=x=y z
runcmd: [[/usr/local/sbin/worker-boot]]
"""


def test_the_settings_are_found() -> None:
    settings = parse_user_data(GOOD)
    assert settings.image == "a/b@sha256:00"
    assert settings.release == "0.9.0"
    assert settings.environment["EXTRA"] == "x=y z"
    assert settings.environment["AWS_REGION"] == "eu-west-1"


@pytest.mark.parametrize("option", ["-t 45", "--time 45", "--time=45"])
def test_the_services_grace_is_found(option: str) -> None:
    unit = f"      ExecStop=/usr/bin/docker stop {option} worker\n      TimeoutStopSec=75\n"
    entry = f"  - path: /etc/systemd/system/worker.service\n    content: |\n{unit}runcmd"

    assert parse_user_data(GOOD.replace("runcmd", entry)).stop_grace == timedelta(seconds=45)
    assert parse_user_data(GOOD).stop_grace is None


def test_an_encoded_file_is_decoded() -> None:
    plain = GOOD.partition("content: |\n")[2].partition("runcmd")[0]
    content = base64.b64encode("\n".join(map(str.strip, plain.splitlines())).encode()).decode()
    text = (
        "#cloud-config\nwrite_files:\n- path: /etc/worker/worker.env\n  encoding: b64\n"
        f"  content: {content}\n"
    )
    assert parse_user_data(text).release == "0.9.0"


def test_base64_and_gzip_are_undone() -> None:
    assert decode_user_data(base64.b64encode(GOOD.encode()).decode()) == GOOD
    assert decode_user_data(base64.b64encode(gzip.compress(GOOD.encode())).decode()) == GOOD


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not cloud-config"),
        ("#!/bin/sh\necho hi\n", "not cloud-config"),
        ("#cloud-config\n\t- : :", "not valid YAML"),
        ("#cloud-config\n", "writes no"),
        ("#cloud-config\n- a\n- b\n", "writes no"),
        ("#cloud-config\nwrite_files: 3\n", "writes no"),
        ("#cloud-config\nwrite_files: [3, {path: /etc/worker/worker.env}]\n", "does not set"),
        (GOOD.replace("IMAGE=", "IMAGINE="), "does not set IMAGE"),
    ],
)
def test_rubbish_is_told_by_its_reason(text: str, reason: str) -> None:
    with pytest.raises(UserDataError, match=reason):
        parse_user_data(text)


@pytest.mark.parametrize("encoded", ["%%%", "/////w==", base64.b64encode(b"\x1f\x8bxx").decode()])
def test_what_is_not_base64_text_is_refused(encoded: str) -> None:
    with pytest.raises(UserDataError, match="cannot be decoded"):
        decode_user_data(encoded)
