mock_provider "aws" {
  alias = "us-east-1"
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-00000000000000001" }
  }
}

mock_provider "aws" {
  alias = "us-west-1"
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-00000000000000002" }
  }
}

mock_provider "aws" {
  alias = "eu-west-1"
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-00000000000000003" }
  }
}

variables {
  fleet       = "checks"
  environment = "prod"
  work_queue_urls = {
    us-east-1 = "https://sqs.us-east-1.amazonaws.com/123456789012/checks"
    us-west-1 = "https://sqs.us-west-1.amazonaws.com/123456789012/checks"
    eu-west-1 = "https://sqs.eu-west-1.amazonaws.com/123456789012/checks"
  }
  results_queue_urls = {
    us-east-1 = "https://sqs.us-east-1.amazonaws.com/123456789012/results"
    us-west-1 = "https://sqs.us-west-1.amazonaws.com/123456789012/results"
    eu-west-1 = "https://sqs.eu-west-1.amazonaws.com/123456789012/results"
  }
  slots = {
    us-east-1 = [{ release = "0.9.1", image = "checks/launcher@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }]
    us-west-1 = [{ release = "0.9.0", image = "checks/launcher@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }]
    eu-west-1 = []
  }
}

run "each_region_runs_its_own_slots" {
  command = plan

  assert {
    condition     = jsonencode({ for region, slots in output.slots : region => slots[*].release }) == jsonencode({ eu-west-1 = [], us-east-1 = ["0.9.1"], us-west-1 = ["0.9.0"] })
    error_message = "the canary is ahead, an empty region stays empty"
  }
}

run "looks_up_only_the_amis_that_are_not_pinned" {
  command = plan

  variables {
    ami_ids = { us-east-1 = "ami-0123456789abcdef0" }
  }

  assert {
    condition     = length(data.aws_ssm_parameter.ami-us-east-1) == 0 && length(data.aws_ssm_parameter.ami-us-west-1) == 1
    error_message = "us-east-1 is pinned, us-west-1 is not"
  }
}

run "refuses_slots_that_leave_a_region_out" {
  command         = plan
  expect_failures = [var.slots]

  variables {
    slots = { us-east-1 = [], us-west-1 = [] }
  }
}
