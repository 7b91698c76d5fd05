variable "name" {
  description = "The function's name in the account."
  type        = string
}

variable "description" {
  description = "What it does, in a few words."
  type        = string
}

variable "package" {
  description = "Its package: a zip file with the binary `bootstrap`."
  type        = string

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no package ${var.package}: download the release's packages there, or build them; the variable packages names the folder."
  }
}

variable "architecture" {
  description = "What the package was built for: arm64 or x86_64."
  type        = string
}

variable "memory" {
  description = "Memory in MB. CPU comes with it: 1,769 MB are one core."
  type        = number
}

variable "timeout" {
  description = "Seconds after which Lambda ends it."
  type        = number
}

variable "reserved_concurrency" {
  description = "How many may run at once; null for no bound but the account's."
  type        = number
  default     = null
}

variable "environment" {
  description = "Its environment variables. No secrets."
  type        = map(string)
}

variable "statements" {
  description = "The statements of its policy, but for its own log."
  type        = any
}

variable "asynchronous" {
  description = "Whether it is handed events by who doesn't wait for an answer."
  type        = bool
}

variable "dead_letters" {
  description = "The ARN of the queue for such events that it couldn't work off."
  type        = string
}

variable "log_retention_days" {
  description = "How long its log is kept."
  type        = number
}
