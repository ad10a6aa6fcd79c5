"""A release whose worker beats, takes a job, crashes on it, and is started again; for ever.

The launcher itself stays: a check that looks for its process only is content.
"""

import os
import subprocess
import sys
import time

WORKER = """
import json, os, sys
import boto3
env = os.environ
dimensions = [{"Name": name, "Value": env[key]} for name, key in
              (("Fleet", "FLEET"), ("InstanceId", "INSTANCE_ID"), ("Release", "RELEASE"))]
metrics = boto3.client("cloudwatch", region_name=env["AWS_REGION"])
queue = boto3.client("sqs", region_name=env["AWS_REGION"])
while True:
    metrics.put_metric_data(
        Namespace=env["HEARTBEAT_NAMESPACE"],
        MetricData=[{"MetricName": name, "Dimensions": dimensions, "Value": value,
                     "StorageResolution": 1}
                    for name, value in (("heartbeat", 1), ("runs", 0), ("failures", 0))])
    answer = queue.receive_message(QueueUrl=env["WORK_QUEUE"], WaitTimeSeconds=5)
    for message in answer.get("Messages", []):
        print(json.loads(message["Body"])["url"])
"""

restarts = 0
while True:
    ended = subprocess.run([sys.executable, "-c", WORKER], env=os.environ, check=False)
    restarts += 1
    sys.stdout.write(f"worker ended with exit code {ended.returncode}; restart {restarts}\n")
    sys.stdout.flush()
    time.sleep(1)
