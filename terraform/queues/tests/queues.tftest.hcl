mock_provider "aws" {}

variables {
  region = "eu-west-1"
  names  = { work = "checks", results = "results", dead_letter = "checks-dlq" }
}

run "plans_the_three_queues" {
  command = plan

  assert {
    condition     = keys(output.urls) == ["dead_letter", "results", "work"]
    error_message = "work, results and dead letters"
  }
}

run "refuses_a_zone_for_a_region" {
  command         = plan
  expect_failures = [var.region]

  variables {
    region = "eu-west-1a"
  }
}
