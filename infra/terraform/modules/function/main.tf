# One Lambda: its code, its log group, its role with its own policy, and where what it can't
# do goes.

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:X-Ray is paid by the trace, and a request passes one function; the logs tell its time
  #checkov:skip=CKV_AWS_115:reserving takes from what the account may run, which is 10 for a new one; the variable bounds it where it is wanted
  #checkov:skip=CKV_AWS_116:a dead letter has its reason by the on-failure destination, which the older dead_letter_config lacks
  #checkov:skip=CKV_AWS_117:in a VPC it would need a NAT gateway or endpoints for 30 dollars and more a month, to reach nothing that is in one
  #checkov:skip=CKV_AWS_173:the environment names things and holds no secret
  #checkov:skip=CKV_AWS_272:packages come from a release with attestations, or are built by who deploys them
  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn

  # A Rust binary needs no runtime but the system.
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)

  memory_size                    = var.memory
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = var.environment
  }

  # Lambda's own lines become JSON like the function's, which it leaves as they are: logs on
  # standard error, metrics in CloudWatch's embedded format on standard output.
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tags = { Function = var.name }

  # Without it a first cold start would run before it may write its log.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:logs hold ids and no personal data, and are encrypted by CloudWatch's own key
  #checkov:skip=CKV_AWS_338:what a customer's points were is in the ledger for good; logs are for looking after faults
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = { Function = var.name }
}

resource "aws_iam_role" "this" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
  tags = { Function = var.name }
}

resource "aws_iam_role_policy" "this" {
  name = "function"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(var.statements, [{
      Sid      = "Logs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
    }])
  })
}

# What is handed over without waiting for the answer, by the buses, the scheduler or SES:
# tried three times in all, a minute and then two apart, and kept after that. A throttled
# one is tried for six hours.
resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.asynchronous ? 1 : 0

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = var.dead_letters
    }
  }
}
