output "urls" {
  description = "URLs of the queues: work, results, dead_letter."
  value = {
    work        = aws_sqs_queue.work.url
    results     = aws_sqs_queue.results.url
    dead_letter = aws_sqs_queue.dead_letter.url
  }
}

output "arns" {
  description = "ARNs of the queues: work, results, dead_letter."
  value = {
    work        = aws_sqs_queue.work.arn
    results     = aws_sqs_queue.results.arn
    dead_letter = aws_sqs_queue.dead_letter.arn
  }
}
