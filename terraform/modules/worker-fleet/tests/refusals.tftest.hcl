# What the module refuses before anything is planned.

mock_provider "aws" {}

variables {
  region            = "eu-west-1"
  fleet             = "checks"
  environment       = "prod"
  ami_id            = "ami-0123456789abcdef0"
  work_queue_url    = "https://sqs.eu-west-1.amazonaws.com/123456789012/checks"
  results_queue_url = "https://sqs.eu-west-1.amazonaws.com/123456789012/results"
  slots             = [{ release = "1.0", image = "checks/launcher@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }]
}

run "refuses_an_image_by_tag" {
  command         = plan
  expect_failures = [var.slots]

  variables {
    slots = [{ release = "1.0", image = "checks/launcher:1.0" }]
  }
}

run "refuses_a_digest_that_is_too_short" {
  command         = plan
  expect_failures = [var.slots]

  variables {
    slots = [{ release = "1.0", image = "checks/launcher@sha256:aaaa" }]
  }
}

run "refuses_an_image_with_a_shell_in_it" {
  command         = plan
  expect_failures = [var.slots]

  variables {
    slots = [{ release = "1.0", image = "a';reboot;'@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }]
  }
}

run "refuses_a_release_called_latest" {
  command         = plan
  expect_failures = [var.slots]

  variables {
    slots = [{ release = "latest", image = "checks/launcher@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }]
  }
}

run "refuses_a_release_that_is_no_label" {
  command         = plan
  expect_failures = [var.slots]

  variables {
    slots = [{ release = "-1 0", image = "checks/launcher@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }]
  }
}

run "refuses_an_unknown_login" {
  command         = plan
  expect_failures = [var.registry]

  variables {
    registry = { login = "password" }
  }
}

run "refuses_a_secret_without_a_name" {
  command         = plan
  expect_failures = [var.registry]

  variables {
    registry = { login = "secret" }
  }
}

run "refuses_a_private_key_that_is_not_there" {
  command         = plan
  expect_failures = [var.ssh]

  variables {
    ssh = { private_key_file = "./no-such-key" }
  }
}

run "refuses_no_deadline" {
  command         = plan
  expect_failures = [var.readiness]

  variables {
    readiness = { launcher_within_seconds = 0 }
  }
}

run "refuses_a_launcher_pattern_with_a_quote" {
  command         = plan
  expect_failures = [var.readiness]

  variables {
    readiness = { launcher = "launch'er" }
  }
}

run "refuses_an_alarm_that_looks_too_far_back" {
  command         = plan
  expect_failures = [var.alarm]

  variables {
    alarm = { period_seconds = 3600, evaluation_periods = 4 }
  }
}

run "refuses_a_queue_that_is_no_url" {
  command         = plan
  expect_failures = [var.work_queue_url]

  variables {
    work_queue_url = "checks"
  }
}

run "refuses_half_a_worker" {
  command         = plan
  expect_failures = [var.workers]

  variables {
    workers = 0.5
  }
}
