output "instance_ids" {
  description = "Ids of the current instances, in the order of the slots."
  value       = aws_instance.worker[*].id
}

output "private_addresses" {
  description = "Private IPv4 addresses of the current instances, in the order of the slots."
  value       = aws_instance.worker[*].private_ip
}

output "slots" {
  description = "What each slot was last asked to run. After a failed apply the instances' tags are the truth, not this."
  value       = var.slots
}
