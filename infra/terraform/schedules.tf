# Every hour, in every shop whose time has come, whatever is due. The mailer's is keyed by
# the time it was meant for, so that a second try is the same hour's; the nights look for
# shops where it is past 04:00 and the night isn't done yet. A schedule has one target, and
# 2,200 starts a month of the three are far below the first 14 million, which are free.
resource "aws_scheduler_schedule" "hourly" {
  #checkov:skip=CKV_AWS_297:its input is a time; nothing of it is worth a key for a dollar a month
  for_each = local.hourly

  # The mailer's is the one that the stack is known by; the others are called after it.
  name                = each.key == "mailer" ? local.schedule : "${local.schedule}-${each.key}"
  description         = each.value
  schedule_expression = "cron(0 * * * ? *)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.function[each.key].arn
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

# There was one schedule, the mailer's: it stays.
moved {
  from = aws_scheduler_schedule.hourly
  to   = aws_scheduler_schedule.hourly["mailer"]
}

locals {
  # Who has the hour, and what for.
  hourly = {
    mailer             = "Works off what is due"
    reengagement-scan  = "Begins the mail night where it is time"
    tier-recalculation = "Begins the points night where it is time"
  }
  # Whose work may be longer than an invocation, and then goes on.
  nightly = [for name in keys(local.hourly) : name if name != "mailer"]
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
        Resource = [for name in keys(local.hourly) : module.function[name].arn]
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
