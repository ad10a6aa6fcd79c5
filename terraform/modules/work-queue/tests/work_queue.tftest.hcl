mock_provider "aws" {
  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-west-1:123456789012:checks-dlq"
      url = "https://sqs.eu-west-1.amazonaws.com/123456789012/checks"
    }
    override_during = plan
  }
}

variables {
  work        = "checks"
  results     = "results"
  dead_letter = "checks-dlq"
}

run "a_job_that_keeps_failing_goes_to_the_dead_letter_queue" {
  command = plan

  assert {
    condition = jsondecode(aws_sqs_queue_redrive_policy.work.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-west-1:123456789012:checks-dlq"
      maxReceiveCount     = 3
    }
    error_message = "three times, then aside"
  }

  assert {
    condition     = aws_sqs_queue.dead_letter.message_retention_seconds > aws_sqs_queue.work.message_retention_seconds
    error_message = "a dead letter keeps the date it was sent: it must be kept for longer"
  }
}

run "queues_are_named_encrypted_and_handed_on" {
  command = plan

  assert {
    condition     = [aws_sqs_queue.work.name, aws_sqs_queue.results.name, aws_sqs_queue.dead_letter.name] == ["checks", "results", "checks-dlq"]
    error_message = "each by the name asked for"
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.work, aws_sqs_queue.results, aws_sqs_queue.dead_letter] : queue.sqs_managed_sse_enabled])
    error_message = "encrypted at rest"
  }

  assert {
    condition     = keys(output.urls) == ["dead_letter", "results", "work"] && keys(output.arns) == ["dead_letter", "results", "work"]
    error_message = "every queue's URL and ARN"
  }
}

run "the_visibility_timeout_is_the_longest_jobs" {
  command = plan

  variables {
    visibility_timeout_seconds = 900
  }

  assert {
    condition     = aws_sqs_queue.work.visibility_timeout_seconds == 900
    error_message = "as given"
  }
}

run "refuses_to_lose_a_job_at_the_first_restart" {
  command         = plan
  expect_failures = [var.max_receive_count]

  variables {
    max_receive_count = 1
  }
}

run "refuses_one_queue_for_two_purposes" {
  command         = plan
  expect_failures = [var.dead_letter]

  variables {
    dead_letter = "checks"
  }
}
