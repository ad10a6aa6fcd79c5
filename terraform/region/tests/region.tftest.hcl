mock_provider "aws" {
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-00000000000000001" }
  }
}

variables {
  region            = "eu-west-1"
  fleet             = "checks"
  environment       = "prod"
  work_queue_url    = "https://sqs.eu-west-1.amazonaws.com/123456789012/checks"
  results_queue_url = "https://sqs.eu-west-1.amazonaws.com/123456789012/results"
  slots = [
    { release = "0.9.0", image = "checks/launcher@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    { release = "0.9.1", image = "checks/launcher@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" },
  ]
}

run "a_mixed_region_is_a_plan_like_any_other" {
  command = plan

  assert {
    condition     = output.slots == var.slots
    error_message = "each slot its own release"
  }

  assert {
    condition     = length(output.instance_ids) == 2 && length(output.private_addresses) == 2
    error_message = "one instance for each slot"
  }
}

run "looks_the_ami_up_when_none_is_given" {
  command = plan

  assert {
    condition     = data.aws_ssm_parameter.ami[0].name == "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    error_message = "Amazon Linux 2023"
  }
}

run "asks_nobody_for_a_pinned_ami" {
  command = plan

  variables {
    ami_id = "ami-0123456789abcdef0"
  }

  assert {
    condition     = length(data.aws_ssm_parameter.ami) == 0
    error_message = "no lookup"
  }
}
