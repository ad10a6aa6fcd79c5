mock_provider "aws" {}

variables {
  region            = "eu-west-1"
  fleet             = "checks"
  environment       = "prod"
  ami_id            = "ami-0123456789abcdef0"
  work_queue_url    = "https://sqs.eu-west-1.amazonaws.com/123456789012/checks"
  results_queue_url = "https://sqs.eu-west-1.amazonaws.com/123456789012/results"
  slots = [
    {
      release = "0.9.0"
      image   = "registry.example.com:5000/checks/launcher@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    {
      release = "0.9.1"
      image   = "registry.example.com:5000/checks/launcher@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    },
  ]
}

run "each_slot_is_one_instance_tagged_with_what_it_runs" {
  command = plan

  assert {
    condition     = length(aws_instance.worker) == 2
    error_message = "two slots are two instances"
  }

  assert {
    condition = aws_instance.worker[1].tags == tomap({
      Name    = "checks-1"
      Fleet   = "checks"
      Env     = "prod"
      Slot    = "1"
      Version = "0.9.1"
      Image   = var.slots[1].image
    })
    error_message = "slot 1 carries its own release and image"
  }

  assert {
    condition     = aws_instance.worker[0].tags.Version == "0.9.0"
    error_message = "slot 0 keeps its release when slot 1 is ahead"
  }

  assert {
    condition     = output.slots == var.slots
    error_message = "the slots are handed on"
  }
}

run "new_user_data_replaces_the_instance" {
  command = plan

  assert {
    condition     = alltrue([for worker in aws_instance.worker : worker.user_data_replace_on_change])
    error_message = "a release must never be changed in place"
  }
}

run "instances_are_hardened" {
  command = plan

  assert {
    condition     = aws_instance.worker[0].metadata_options[0].http_tokens == "required" && aws_instance.worker[0].metadata_options[0].http_put_response_hop_limit == 2
    error_message = "IMDSv2 only, within reach of a container"
  }

  assert {
    condition     = aws_instance.worker[0].root_block_device[0].encrypted && aws_instance.worker[0].root_block_device[0].volume_size == 20
    error_message = "the root volume is encrypted"
  }
}

run "user_data_is_plain_cloud_config" {
  command = plan

  assert {
    condition     = startswith(base64decode(aws_instance.worker[0].user_data_base64), "#cloud-config\n") && can(yamldecode(base64decode(aws_instance.worker[0].user_data_base64)))
    error_message = "cloud-init must recognise it"
  }

  assert {
    condition     = length(base64decode(aws_instance.worker[0].user_data_base64)) < 16384
    error_message = "EC2 takes 16 KiB of user data"
  }
}

run "the_worker_is_told_the_whole_contract" {
  command = plan

  variables {
    workers   = 4
    heartbeat = { namespace = "checks", interval_seconds = 15 }
  }

  assert {
    condition = [for file in yamldecode(base64decode(aws_instance.worker[1].user_data_base64)).write_files : file.content if file.path == "/etc/worker/worker.env"] == [
      <<-EOT
        AWS_REGION=eu-west-1
        WORK_QUEUE=https://sqs.eu-west-1.amazonaws.com/123456789012/checks
        RESULTS_QUEUE=https://sqs.eu-west-1.amazonaws.com/123456789012/results
        FLEET=checks
        RELEASE=0.9.1
        IMAGE=registry.example.com:5000/checks/launcher@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        IMAGE_DIGEST=sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        WORKERS=4
        HEARTBEAT_NAMESPACE=checks
        HEARTBEAT_INTERVAL=15
        STOP_GRACE=55
      EOT
    ]
    error_message = "worker.env is read by docker --env-file, by a login shell and by the sandbox: one KEY=value a line"
  }
}

run "the_image_is_pulled_and_run_by_digest" {
  command = plan

  variables {
    stop_grace_seconds = 45
  }

  assert {
    condition     = strcontains(base64decode(aws_instance.worker[0].user_data_base64), "docker pull --quiet '${var.slots[0].image}'")
    error_message = "pull by digest"
  }

  assert {
    condition     = can(regex("ExecStart=/usr/bin/docker run .* ${replace(var.slots[0].image, ".", "\\.")}\n", base64decode(aws_instance.worker[0].user_data_base64)))
    error_message = "run by digest"
  }

  assert {
    condition     = strcontains(base64decode(aws_instance.worker[0].user_data_base64), "docker stop -t 45 worker") && strcontains(base64decode(aws_instance.worker[0].user_data_base64), "TimeoutStopSec=75") && strcontains(base64decode(aws_instance.worker[0].user_data_base64), "STOP_GRACE=40\n")
    error_message = "systemd must not kill a worker that is still within its grace"
  }

  assert {
    condition     = strcontains(base64decode(aws_instance.worker[0].user_data_base64), "StandardOutput=journal+console")
    error_message = "the launcher's output must reach EC2's console output"
  }

  assert {
    condition     = !strcontains(base64decode(aws_instance.worker[0].user_data_base64), "docker login") && !strcontains(base64decode(aws_instance.worker[0].user_data_base64), "config.json")
    error_message = "no login unless asked for"
  }
}

run "a_page_of_metrics_can_be_scraped_at_the_instance" {
  command = plan

  variables {
    metrics_port = 9102
  }

  assert {
    condition     = strcontains(base64decode(aws_instance.worker[0].user_data_base64), " --publish 9102:9102 ${var.slots[0].image}\n") && strcontains(base64decode(aws_instance.worker[0].user_data_base64), "\n      METRICS_PORT=9102\n")
    error_message = "the port of the container must be one of the instance, and the worker must know it"
  }
}

run "ecr_uses_the_credential_helper_for_the_images_own_host" {
  command = plan

  variables {
    registry = { login = "ecr" }
  }

  assert {
    condition = [
      for file in yamldecode(base64decode(aws_instance.worker[0].user_data_base64)).write_files : jsondecode(file.content) if file.path == "/root/.docker/config.json"
    ] == [{ credHelpers = { "registry.example.com:5000" = "ecr-login" } }]
    error_message = "docker needs to know the helper for this registry"
  }

  assert {
    condition     = contains(yamldecode(base64decode(aws_instance.worker[0].user_data_base64)).packages, "amazon-ecr-credential-helper")
    error_message = "the helper must be installed"
  }
}

run "a_secret_is_fetched_at_boot_and_never_in_the_user_data" {
  command = plan

  variables {
    registry = { login = "secret", secret_id = "registry/pull" }
  }

  assert {
    condition     = strcontains(base64decode(aws_instance.worker[0].user_data_base64), "get-secret-value --region 'eu-west-1' --secret-id 'registry/pull'")
    error_message = "fetched on the instance"
  }

  assert {
    condition     = strcontains(base64decode(aws_instance.worker[0].user_data_base64), "--password-stdin 'registry.example.com:5000'") && !can(regex("(--password[ =]|-p )", base64decode(aws_instance.worker[0].user_data_base64)))
    error_message = "a password on a command line is in the process list"
  }
}

run "an_image_without_a_registry_is_docker_hubs" {
  command = plan

  variables {
    registry = { login = "secret", secret_id = "hub" }
    slots    = [{ release = "1", image = "team/launcher@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }]
  }

  assert {
    condition     = strcontains(base64decode(aws_instance.worker[0].user_data_base64), "--password-stdin 'docker.io'")
    error_message = "team is a name space, not a host"
  }
}

run "subnets_are_used_in_turn" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  }

  assert {
    condition     = aws_instance.worker[*].subnet_id == ["subnet-a", "subnet-b"]
    error_message = "slot 0 in the first, slot 1 in the second"
  }
}

run "a_public_key_becomes_a_key_pair" {
  command = plan

  variables {
    ssh = { public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA test" }
  }

  assert {
    condition     = length(aws_key_pair.operator) == 1 && aws_key_pair.operator[0].key_name_prefix == "checks-"
    error_message = "one key pair"
  }
}

run "silence_raises_the_alarm" {
  command = plan

  variables {
    alarm = { sns_topic_arns = ["arn:aws:sns:{region}:123456789012:operators"] }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.nothing_happens[0].treat_missing_data == "breaching"
    error_message = "no data is never good news"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.nothing_happens[0].alarm_name == "checks-nothing-happens-eu-west-1"
    error_message = "the console's alarm gate looks for this name"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.nothing_happens[0].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.nothing_happens[0].threshold == 1
    error_message = "no run at all is too few"
  }

  assert {
    condition     = one(aws_cloudwatch_metric_alarm.nothing_happens[0].metric_query).expression == "SELECT SUM(runs) FROM SCHEMA(\"release-console\", Fleet, InstanceId, Release) WHERE Fleet = 'checks'"
    error_message = "summed over the fleet: SEARCH is refused in alarms"
  }

  assert {
    condition     = toset(aws_cloudwatch_metric_alarm.nothing_happens[0].alarm_actions) == toset(["arn:aws:sns:eu-west-1:123456789012:operators"])
    error_message = "an alarm can only tell a topic of its own region"
  }
}

run "the_alarm_can_be_left_out" {
  command = plan

  variables {
    alarm = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.nothing_happens) == 0
    error_message = "no alarm when disabled"
  }
}

run "a_region_without_slots_has_nothing_to_be_silent" {
  command = plan

  variables {
    slots = []
  }

  assert {
    condition     = length(aws_instance.worker) == 0 && length(aws_cloudwatch_metric_alarm.nothing_happens) == 0
    error_message = "no instance, no alarm"
  }
}
