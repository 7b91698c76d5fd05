# What somebody has to know: few enough that each is read. An alarm costs 0.10 $ a month for
# each metric it looks at, which is a thousand mails, and the first ten of an account are
# free. Here they are 5 + 2 for each function: 21 with eight functions, 1.10 $ a month.

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch and Budgets can't use SNS's own key, and one of ours costs more a month than all alarms; they name metrics, no people
  name = "${var.stack}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndBudgets"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

locals {
  # Each looks at one metric. `above` is what is still right, over `periods` of `seconds`.
  alarms = {
    dead-letters = {
      description = "Something couldn't be worked off and waits. `regulars replay` shows it and puts it back, once its cause is gone. It is kept for 14 days."
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = local.dead_letters }
      statistic   = "Maximum", above = 0, seconds = 300, periods = 1
    }
    # Usually a second or two. A quarter of an hour in milliseconds.
    stream-age = {
      description = "What changes in the table is planned late: the mailer fails or is too slow. Its log says why."
      namespace   = "AWS/Lambda", metric = "IteratorAge", dimensions = { FunctionName = module.function["mailer"].name }
      statistic   = "Maximum", above = 900000, seconds = 300, periods = 1
    }
    # API Gateway counts them for all routes together for nothing; by route they would cost
    # 0.30 $ a metric. One may be a table that was slow for a moment; Shopify ends a
    # subscription after eight in a row.
    server-errors = {
      description = "Webhooks or pages are answered with errors (5xx). Shopify and Square try again, but not for ever: look at the functions' logs today."
      namespace   = "AWS/ApiGateway", metric = "5xx", dimensions = { ApiId = aws_apigatewayv2_api.http.id }
      statistic   = "Sum", above = 4, seconds = 300, periods = 1
    }
    # SES puts an account under review at 5 % bounces or 0.1 % complaints: before that a shop's
    # marketing pauses itself. Its own mail that is owed goes on.
    marketing-paused = {
      description = "A shop's marketing has paused itself: too much of its mail came back or was called spam. `regulars doctor` says which shop and what to do."
      namespace   = "Regulars", metric = "MarketingPaused", dimensions = { Stack = var.stack }
      statistic   = "Maximum", above = 0, seconds = 300, periods = 1
    }
    # Told by the hourly job, which knows each shop's opening hours.
    silent-shops = {
      description = "A shop that is open has sent no webhook for hours: its subscription may have ended. `regulars doctor` looks, and registers it again."
      namespace   = "Regulars", metric = "SilentShops", dimensions = { Stack = var.stack }
      statistic   = "Maximum", above = 0, seconds = 3600, periods = 1
    }
  }

  # Each adds a metric of Lambda's up over all functions.
  function_alarms = {
    # Now and then one fails and succeeds when tried again; what doesn't is a dead letter.
    errors = {
      description = "Functions fail again and again. Their logs say why."
      metric      = "Errors", above = 4, seconds = 900
    }
    throttles = {
      description = "Functions are refused: more should run at once than the account may. Ask AWS for more concurrent executions (a new account has 10), or raise reserved_concurrency."
      metric      = "Throttles", above = 9, seconds = 900
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "metric" {
  for_each = local.alarms

  alarm_name          = "${var.stack}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = each.value.seconds
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "functions" {
  for_each = local.function_alarms

  alarm_name          = "${var.stack}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "all"
    expression  = "SUM(METRICS())"
    label       = each.value.metric
    return_data = true
  }

  dynamic "metric_query" {
    for_each = module.function
    content {
      id = replace(metric_query.key, "-", "_")
      metric {
        namespace   = "AWS/Lambda"
        metric_name = each.value.metric
        dimensions  = { FunctionName = metric_query.value.name }
        stat        = "Sum"
        period      = each.value.seconds
      }
    }
  }
}

# The account's whole bill: an account belongs to one shop. The first two budgets are free.
resource "aws_budgets_budget" "month" {
  count = var.budget > 0 ? 1 : 0

  name         = var.stack
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.budget)
  limit_unit   = "USD"

  notification {
    notification_type         = "ACTUAL"
    comparison_operator       = "GREATER_THAN"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }

  notification {
    notification_type         = "FORECASTED"
    comparison_operator       = "GREATER_THAN"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }

  # Budgets tries the topic when it is told of it.
  depends_on = [aws_sns_topic_policy.alarms]
}

# --- The dashboard -------------------------------------------------------------------

# One for all; the first three of an account are free. The last two widgets read the logs
# only while somebody looks (0.005 $ a GB).
resource "aws_cloudwatch_dashboard" "stack" {
  dashboard_name = var.stack
  dashboard_body = jsonencode({
    widgets = [for place, widget in local.widgets : {
      type   = widget.type
      x      = place % 2 * 12
      y      = floor(place / 2) * 6
      width  = 12
      height = 6
      # One shape for all kinds of widget; what a kind doesn't have is left out.
      properties = { for name, value in {
        title   = widget.title
        region  = var.region
        view    = widget.type == "log" ? "table" : "timeSeries"
        stat    = widget.type == "log" ? null : widget.stat
        period  = widget.type == "log" ? null : 300
        metrics = widget.type == "log" ? null : widget.metrics
        query   = widget.type == "log" ? widget.query : null
      } : name => value if value != null }
    }]
  })
}

locals {
  function_names = [for function in module.function : function.name]
  # The logs of all functions, as Logs Insights names its sources.
  function_logs = join(" | ", [for function in module.function : "SOURCE '${function.log_group}'"])

  by_function = { for metric in ["Invocations", "Errors", "Duration"] : metric =>
    [for name in local.function_names : ["AWS/Lambda", metric, "FunctionName", name]]
  }

  widgets = [
    {
      type    = "metric", title = "Requests, and those answered with errors", stat = "Sum", query = null
      metrics = [for metric in ["Count", "4xx", "5xx"] : ["AWS/ApiGateway", metric, "ApiId", aws_apigatewayv2_api.http.id]]
    },
    {
      type    = "metric", title = "How long requests take (99 of 100, ms)", stat = "p99", query = null
      metrics = [["AWS/ApiGateway", "Latency", "ApiId", aws_apigatewayv2_api.http.id]]
    },
    {
      type    = "metric", title = "Invocations", stat = "Sum", query = null
      metrics = local.by_function["Invocations"]
    },
    {
      type    = "metric", title = "Errors", stat = "Sum", query = null
      metrics = local.by_function["Errors"]
    },
    {
      type    = "metric", title = "How long functions run (99 of 100, ms)", stat = "p99", query = null
      metrics = local.by_function["Duration"]
    },
    {
      type    = "metric", title = "How far mail's planning lags behind (ms)", stat = "Maximum", query = null
      metrics = [["AWS/Lambda", "IteratorAge", "FunctionName", module.function["mailer"].name]]
    },
    {
      type    = "metric", title = "Mail: sent, delivered, bounced, complained about", stat = "Sum", query = null
      metrics = [for metric in ["Send", "Delivery", "Bounce", "Complaint"] : ["AWS/SES", metric]]
    },
    {
      type    = "metric", title = "The table's units, read and written", stat = "Sum", query = null
      metrics = [for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"] : ["AWS/DynamoDB", metric, "TableName", local.table]]
    },
    {
      type    = "metric", title = "Dead letters that wait", stat = "Maximum", query = null
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.dead_letters]]
    },
    {
      type    = "metric", title = "Shops without webhooks, shops whose marketing has paused", stat = "Maximum", query = null
      metrics = [for metric in ["SilentShops", "MarketingPaused"] : ["Regulars", metric, "Stack", var.stack]]
    },
    {
      type  = "log", title = "What was counted", stat = null, metrics = null
      query = "${local.function_logs} | filter ispresent(metric) | stats sum(count) as times by metric | sort times desc"
    },
    {
      type  = "log", title = "The latest errors", stat = null, metrics = null
      query = "${local.function_logs} | filter level = 'ERROR' | fields @timestamp, message, error | sort @timestamp desc | limit 20"
    },
  ]
}
