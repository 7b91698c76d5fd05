# Events: our own bus, what SES and Shopify tell, and where what nobody could take goes.
# Our own events cost a dollar a million; those of AWS's services nothing.

resource "aws_cloudwatch_event_bus" "regulars" {
  #checkov:skip=CKV_AWS_336:events name customers by id, and are encrypted by EventBridge's own key
  name = local.bus
}

# What happened, to be told again to whoever begins to listen or missed it. 0.10 $ a GB.
resource "aws_cloudwatch_event_archive" "regulars" {
  name             = var.stack
  description      = "What happened, without the calls to work"
  event_source_arn = aws_cloudwatch_event_bus.regulars.arn
  retention_days   = var.archive_days
  event_pattern = jsonencode({
    source        = ["regulars"]
    "detail-type" = [{ "anything-but" = ["WorkDue", "NightGoesOn"] }]
  })
}

locals {
  configuration_sets   = [for shop in keys(local.mail_shops) : "${var.stack}-${shop}"]
  shopify_event_source = { for id, shop in var.shops : id => shop.shopify_event_source if shop.shopify_event_source != null }

  # What starts which function. Each has the dead-letter queue for what a function didn't
  # even take.
  rules = merge(
    {
      "${var.stack}-work-due" = {
        description = "There is mail to send now"
        bus         = aws_cloudwatch_event_bus.regulars.name
        function    = "mailer"
        pattern     = { source = ["regulars"], "detail-type" = ["WorkDue"] }
      }
    },
    # A night that is longer than an invocation: each function's own rule, since both nights
    # go on by the same kind of event.
    { for name in local.nightly : "${var.stack}-goes-on-${name}" => {
      description = "A night goes on"
      bus         = aws_cloudwatch_event_bus.regulars.name
      function    = name
      pattern = {
        source        = ["regulars"]
        "detail-type" = ["NightGoesOn"]
        detail        = { function = [name] }
      }
    } },
    # SES speaks on the default bus only, for the whole account.
    { for name in ["${var.stack}-mail-events"] : name => {
      description = "What became of this stack's mail"
      bus         = "default"
      function    = "mail-feedback"
      pattern = {
        source = ["aws.ses"]
        detail = { mail = { tags = { "ses:configuration-set" = local.configuration_sets } } }
      }
    } if length(local.mail_shops) > 0 },
    { for id, source in local.shopify_event_source : "${var.stack}-shopify-${id}" => {
      description = "What Shopify tells of ${id}"
      bus         = aws_cloudwatch_event_bus.shopify[id].name
      function    = "purchase-webhook"
      # Only Shopify can put this source there.
      pattern = { source = [{ prefix = "aws.partner/shopify.com/" }] }
    } },
  )
}

# Shopify's partner event source, taken over. Its name is the source's.
resource "aws_cloudwatch_event_bus" "shopify" {
  #checkov:skip=CKV_AWS_336:encrypted by EventBridge's own key; nothing is kept on it
  for_each = local.shopify_event_source

  name              = each.value
  event_source_name = each.value
}

resource "aws_cloudwatch_event_rule" "rule" {
  for_each = local.rules

  name           = each.key
  description    = each.value.description
  event_bus_name = each.value.bus
  event_pattern  = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "function" {
  for_each = local.rules

  rule           = aws_cloudwatch_event_rule.rule[each.key].name
  event_bus_name = each.value.bus
  target_id      = each.value.function
  arn            = module.function[each.value.function].arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  # EventBridge's own: as long as Lambda doesn't take it, for a day.
  retry_policy {
    maximum_retry_attempts       = 185
    maximum_event_age_in_seconds = 86400
  }

  # It may start the function before it does.
  depends_on = [aws_lambda_permission.rule]
}

resource "aws_lambda_permission" "rule" {
  for_each = local.rules

  statement_id  = each.key
  action        = "lambda:InvokeFunction"
  function_name = module.function[each.value.function].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.rule[each.key].arn
}

# --- Dead letters --------------------------------------------------------------------

# Whatever couldn't be worked off, from everywhere: `regulars replay` puts it back. The
# first million requests a month are free.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  # Lambda and the Scheduler send by the roles of theirs. Rules have none.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Rules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.dead_letters_arn
        Condition = { ArnEquals = { "aws:SourceArn" = [for name in keys(local.rules) : aws_cloudwatch_event_rule.rule[name].arn] } }
      },
      {
        Sid       = "OnlyByTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.dead_letters_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
