terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.90"
    }
  }

  # Where the state is kept is yours to say, in a file of your own beside this one, such as
  # backend.tf; without one it stays in this folder. An S3 bucket with versions, in the same
  # account, does it, and locks by itself:
  #
  #   terraform {
  #     backend "s3" {
  #       bucket       = "my-terraform-state"
  #       key          = "regulars/terraform.tfstate"
  #       region       = "eu-central-1"
  #       encrypt      = true
  #       use_lockfile = true
  #     }
  #   }
  #
  # The state holds no secret: those are set by `regulars secrets set`.
}

provider "aws" {
  region = var.region

  # What a bill can be told apart by, once the tags are activated for cost allocation.
  default_tags {
    tags = local.tags
  }
}
