resource "aws_sqs_queue" "work" {
  name                       = var.work
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds  = var.retention_seconds
  sqs_managed_sse_enabled    = true
}

# Apart from the queue, so that both queues are made at once: the provider waits 25 s for each.
resource "aws_sqs_queue_redrive_policy" "work" {
  queue_url = aws_sqs_queue.work.url

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter.arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_sqs_queue" "results" {
  name                       = var.results
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds  = var.retention_seconds
  sqs_managed_sse_enabled    = true
}

resource "aws_sqs_queue" "dead_letter" {
  name = var.dead_letter
  # The longest that SQS allows. A message keeps its first date when it is moved here, so this must be
  # longer than the work queue's.
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}
