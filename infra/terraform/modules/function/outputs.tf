output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "Its ARN."
  value       = aws_lambda_function.this.arn
}

output "invoke_arn" {
  description = "Its ARN as API Gateway calls it."
  value       = aws_lambda_function.this.invoke_arn
}

output "log_group" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy" {
  description = "Its role's policy, as JSON."
  value       = aws_iam_role_policy.this.policy
}

output "settings" {
  description = "How it runs, for tests."
  value = {
    architectures        = aws_lambda_function.this.architectures
    environment          = aws_lambda_function.this.environment[0].variables
    log_format           = one(aws_lambda_function.this.logging_config[*].log_format)
    log_retention_days   = aws_cloudwatch_log_group.this.retention_in_days
    memory               = aws_lambda_function.this.memory_size
    reserved_concurrency = aws_lambda_function.this.reserved_concurrent_executions
    runtime              = aws_lambda_function.this.runtime
    tags                 = aws_lambda_function.this.tags
    timeout              = aws_lambda_function.this.timeout
    retries              = one(aws_lambda_function_event_invoke_config.this[*].maximum_retry_attempts)
    on_failure           = one(aws_lambda_function_event_invoke_config.this[*].destination_config[0].on_failure[0].destination)
  }
}
