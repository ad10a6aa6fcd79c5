# A fleet of two in one region, with the instance profile that the workers need.
terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

locals {
  release = "0.9.0"
  image   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/checks@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
}

variable "public_key" {
  description = "Public key of whoever releases, in OpenSSH's form."
  type        = string
}

module "queues" {
  source = "../../../work-queue"

  work        = "checks"
  results     = "results"
  dead_letter = "checks-dlq"
}

module "workers" {
  source = "../../"

  region            = "eu-west-1"
  fleet             = "checks"
  environment       = "prod"
  slots             = [for slot in range(2) : { release = local.release, image = local.image }]
  ami_id            = data.aws_ssm_parameter.ami.insecure_value
  work_queue_url    = module.queues.urls.work
  results_queue_url = module.queues.urls.results
  instance_profile  = aws_iam_instance_profile.worker.name
  registry          = { login = "ecr" }
  heartbeat         = { namespace = "checks" }

  ssh = {
    # The matching private key is asked for from the SSH agent.
    public_key = var.public_key
    bastion    = { host = "bastion.{region}.example.com" }
  }
}

data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_iam_role" "worker" {
  name = "checks-worker"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "worker" {
  name = "worker"
  role = aws_iam_role.worker.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        Resource = module.queues.arns.work
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = module.queues.arns.results
      },
      {
        # PutMetricData knows no resources; the namespace is what it can be held to.
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringEquals = { "cloudwatch:namespace" = "checks" } }
      },
      {
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_instance_profile" "worker" {
  name = "checks-worker"
  role = aws_iam_role.worker.name
}
