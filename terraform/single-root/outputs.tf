output "instance_ids" {
  description = "For each region, the ids of the current instances, in the order of the slots."
  value = {
    "us-east-1" = module.workers-us-east-1.instance_ids
    "us-west-1" = module.workers-us-west-1.instance_ids
    "eu-west-1" = module.workers-eu-west-1.instance_ids
  }
}

output "private_addresses" {
  description = "For each region, the private IPv4 addresses of the current instances, in the order of the slots."
  value = {
    "us-east-1" = module.workers-us-east-1.private_addresses
    "us-west-1" = module.workers-us-west-1.private_addresses
    "eu-west-1" = module.workers-eu-west-1.private_addresses
  }
}

output "slots" {
  description = "For each region, what each slot was last asked to run. After a failed apply the instances' tags are the truth, not this."
  value = {
    "us-east-1" = module.workers-us-east-1.slots
    "us-west-1" = module.workers-us-west-1.slots
    "eu-west-1" = module.workers-eu-west-1.slots
  }
}
