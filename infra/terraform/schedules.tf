# The one schedule: every hour, in every shop whose time has come, whatever is due. It is
# keyed by the time it was meant for, so that a second try is the same hour's.
resource "aws_scheduler_schedule" "hourly" {
  #checkov:skip=CKV_AWS_297:its input is a time; nothing of it is worth a key for a dollar a month
  name                = local.schedule
  description         = "Works off what is due"
  schedule_expression = "cron(0 * * * ? *)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.function["mailer"].arn
    role_arn = aws_iam_role.scheduler.arn
    # As text: jsonencode would write < as \u003c, which the Scheduler doesn't fill in.
    input = "{\"hourly\":\"<aws.scheduler.scheduled-time>\"}"

    # After an hour the next one does what this one should have done.
    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }

  # It may start the function before it does.
  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_iam_role" "scheduler" {
  name = "${var.stack}-scheduler"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      # Nobody else's scheduler, and no schedule but those of the default group.
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = "${local.arn_of.scheduler}:schedule-group/default"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "scheduler"
  role = aws_iam_role.scheduler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Start"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [module.function["mailer"].arn]
      },
      {
        Sid      = "DeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.dead_letters_arn]
      },
    ]
  })
}
