"""A release that boots, beats as a good one does, takes jobs, and finishes none."""

import os
import threading
import time

import boto3

DIMENSIONS = (("Fleet", "FLEET"), ("InstanceId", "INSTANCE_ID"), ("Release", "RELEASE"))


# boto3.client is not made for two threads: both clients are there before the second one is.
metrics = boto3.client("cloudwatch", region_name=os.environ["AWS_REGION"])
queue = boto3.client("sqs", region_name=os.environ["AWS_REGION"])


def beat() -> None:
    """Beat for ever."""
    while True:
        metrics.put_metric_data(
            Namespace=os.environ["HEARTBEAT_NAMESPACE"],
            MetricData=[
                {
                    "MetricName": name,
                    "Value": value,
                    "StorageResolution": 1,
                    "Dimensions": [
                        {"Name": each, "Value": os.environ[key]} for each, key in DIMENSIONS
                    ],
                }
                for name, value in (("heartbeat", 1), ("runs", 0), ("failures", 0))
            ],
        )
        time.sleep(float(os.environ["HEARTBEAT_INTERVAL"]))


threading.Thread(target=beat, daemon=True).start()
while True:
    queue.receive_message(QueueUrl=os.environ["WORK_QUEUE"], WaitTimeSeconds=5, VisibilityTimeout=5)
