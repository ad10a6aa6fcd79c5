"""How does the sandbox itself call AWS? With its own clients, whatever the operator's profile."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config

from console.sandbox.credentials import SECRET, WORLD_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Clients:
    """A client for each service and region."""

    s3: S3Client
    ec2: Mapping[str, EC2Client] = field(default_factory=dict)
    sqs: Mapping[str, SQSClient] = field(default_factory=dict)
    cloudwatch: Mapping[str, CloudWatchClient] = field(default_factory=dict)


def make_clients(aws: str, sqs: str, regions: Iterable[str]) -> Clients:
    """Make all clients at once, from one thread.

    Args:
        aws: URL of the AWS endpoint.
        sqs: URL of the SQS endpoint.
        regions: the world's regions.
    """
    # Neither a profile that the operator has set, nor his files: they may name what is not there.
    own = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "ca_bundle": (None, None, None, None),
        }
    )
    own.set_credentials(WORLD_KEY, SECRET)
    session = boto3.session.Session(botocore_session=own)
    config = Config(
        retries={"mode": "standard", "max_attempts": 3},
        connect_timeout=3,
        read_timeout=30,
        s3={"addressing_style": "path"},
    )
    names = tuple(regions)
    return Clients(
        s3=session.client("s3", region_name="us-east-1", endpoint_url=aws, config=config),
        ec2={
            name: session.client("ec2", region_name=name, endpoint_url=aws, config=config)
            for name in names
        },
        sqs={
            name: session.client("sqs", region_name=name, endpoint_url=sqs, config=config)
            for name in names
        },
        cloudwatch={
            name: session.client("cloudwatch", region_name=name, endpoint_url=aws, config=config)
            for name in names
        },
    )
