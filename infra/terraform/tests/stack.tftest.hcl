# The smallest stack: what every deployment has.
mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  region      = "eu-central-1"
  alarm_email = "owner@corner-bakery.example"
  shops = {
    corner-bakery = { mail_domain = "corner-bakery.example", shopify = "corner-bakery.myshopify.com" }
  }
}

run "packages" {
  module {
    source = "./tests/packages"
  }
}

run "everything_has_its_place" {
  variables {
    packages = run.packages.folder
  }

  assert {
    condition     = toset(keys(local.functions)) == run.packages.functions
    error_message = "Every folder of functions/ is a function of the stack, and no other."
  }

  assert {
    condition = alltrue([for name, function in module.function : (
      function.settings.runtime == "provided.al2023" &&
      function.settings.architectures == tolist(["arm64"]) &&
      function.settings.log_format == "JSON" &&
      function.settings.log_retention_days == 30 &&
      function.settings.memory >= 128 && function.settings.memory <= 256 &&
      function.log_group == "/aws/lambda/regulars-${name}" &&
      function.settings.tags.Function == "regulars-${name}" &&
      function.settings.reserved_concurrency == null
    )])
    error_message = "Every function has its own log with an end, its tag, 128 to 256 MB, arm64, and no reserved concurrency."
  }

  assert {
    condition = alltrue([for name, function in module.function :
      local.functions[name].asynchronous
      ? function.settings.retries == 2 && function.settings.on_failure == aws_sqs_queue.dead_letters.arn
      : function.settings.retries == null
    ])
    error_message = "What is handed over without waiting is tried three times, then kept as a dead letter."
  }

  assert {
    condition = toset([for name, function in local.functions : name if function.asynchronous]) == toset(
      ["purchase-webhook", "mailer", "mail-feedback", "reengagement-scan", "tier-recalculation"]
    )
    error_message = "Buses and schedules start these."
  }

  assert {
    condition     = alltrue([for name in local.http_functions : local.functions[name].timeout < 29])
    error_message = "API Gateway gives up after 30 seconds, so a function behind it has to be done before."
  }

  assert {
    condition = module.function["mailer"].settings.environment == tomap({
      REGULARS_STACK              = "regulars"
      REGULARS_TABLE              = "regulars"
      REGULARS_SECRETS_PATH       = "/regulars/regulars/secrets"
      REGULARS_PUBLIC_URL         = "https://mocked.execute-api.eu-central-1.amazonaws.com"
      REGULARS_SHOPIFY_SHOPS      = "corner-bakery.myshopify.com=corner-bakery"
      REGULARS_LINK_URLS          = ""
      REGULARS_BUS                = "regulars"
      REGULARS_CONFIGURATION_SETS = "regulars"
    })
    error_message = "A function is told by its environment what it needs to know."
  }

  assert {
    condition = jsonencode(output.routes) == jsonencode(merge(
      {
        "POST /webhooks/shopify/{shop}" = "purchase-webhook"
        "POST /webhooks/square/{shop}"  = "purchase-webhook"
        "ANY /api/{proxy+}"             = "owner-dashboard"
      },
      { for key in [
        "GET /u", "HEAD /u", "POST /u", "GET /u/{token+}", "HEAD /u/{token+}", "POST /u/{token+}",
        "GET /p", "HEAD /p", "POST /p", "GET /p/{token+}", "HEAD /p/{token+}", "POST /p/{token+}",
        "GET /why", "HEAD /why", "GET /why/{token+}", "HEAD /why/{token+}",
        "GET /c", "HEAD /c", "POST /c", "GET /c/{token+}", "HEAD /c/{token+}", "POST /c/{token+}",
      ] : key => "customer-portal" },
      { for key in [
        "GET /s", "HEAD /s", "POST /s", "GET /s/{token+}", "HEAD /s/{token+}", "POST /s/{token+}",
        "GET /f", "HEAD /f", "POST /f", "GET /f/{token+}", "HEAD /f/{token+}", "POST /f/{token+}",
      ] : key => "survey-response" },
    )) && jsonencode(keys(output.routes)) == jsonencode(keys(aws_apigatewayv2_route.route))
    error_message = "The API has the functions' routes, and no other."
  }

  assert {
    condition = toset(aws_apigatewayv2_stage.default.route_settings[*].route_key) == toset(keys(aws_apigatewayv2_route.route)) && alltrue(
      [for route in aws_apigatewayv2_stage.default.route_settings : route.throttling_rate_limit > 0 && route.throttling_burst_limit > 0]
    )
    error_message = "Every route is throttled."
  }

  assert {
    condition = !can(regex(
      "(?i)sourceIp|\\$context\\.path|queryString|rawPath|userAgent|domainName|\\$context\\.authorizer|\\$context\\.identity",
      aws_apigatewayv2_stage.default.access_log_settings[0].format
    ))
    error_message = "An access log has no path, no query, no address."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.metric) + length(aws_cloudwatch_metric_alarm.functions) <= 10
    error_message = "A stack has at most ten alarms."
  }

  assert {
    condition = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.metric), values(aws_cloudwatch_metric_alarm.functions)) :
      tolist(alarm.alarm_actions) == tolist([aws_sns_topic.alarms.arn]) && length(alarm.alarm_description) > 40 && alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "Every alarm goes to the topic, says what to do, and is quiet where nothing happens."
  }

  assert {
    condition = toset(concat(keys(aws_cloudwatch_metric_alarm.metric), keys(aws_cloudwatch_metric_alarm.functions))) == toset([
      "dead-letters", "stream-age", "server-errors", "marketing-paused", "silent-shops", "errors", "throttles"
    ])
    error_message = "What somebody has to know has its alarm."
  }

  assert {
    condition = alltrue([for alarm in aws_cloudwatch_metric_alarm.functions :
      length([for query in alarm.metric_query : query if length(query.metric) == 1]) == length(local.functions)
    ])
    error_message = "Errors and throttles are added up over all functions."
  }

  assert {
    condition     = alltrue([for metric in ["marketing-paused", "silent-shops"] : aws_cloudwatch_metric_alarm.metric[metric].namespace == "Regulars" && aws_cloudwatch_metric_alarm.metric[metric].dimensions == tomap({ Stack = "regulars" })])
    error_message = "The functions' own metrics are found by the stack."
  }

  assert {
    condition     = aws_sns_topic_subscription.alarms.endpoint == "owner@corner-bakery.example" && aws_sns_topic_subscription.alarms.protocol == "email"
    error_message = "Alarms go to alarm_email."
  }

  assert {
    condition     = aws_budgets_budget.month[0].limit_amount == "10"
    error_message = "There is a budget."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.stack.dashboard_body).widgets) == length(local.widgets)
    error_message = "There is one dashboard."
  }

  assert {
    condition     = local.tags == { Application = "regulars", Stack = "regulars", ManagedBy = "terraform" }
    error_message = "Everything is tagged by its stack."
  }
}

run "the_table_is_safe_and_its_stream_is_worked_off" {
  variables {
    packages = run.packages.folder
  }

  assert {
    condition = (
      aws_dynamodb_table.loyalty.billing_mode == "PAY_PER_REQUEST" &&
      aws_dynamodb_table.loyalty.deletion_protection_enabled &&
      aws_dynamodb_table.loyalty.point_in_time_recovery[0].enabled &&
      aws_dynamodb_table.loyalty.stream_view_type == "NEW_AND_OLD_IMAGES" &&
      one(aws_dynamodb_table.loyalty.ttl).attribute_name == "expires_at"
    )
    error_message = "The table is paid by use, protected, recoverable, streamed, and forgets what has expired."
  }

  assert {
    condition = (
      tolist(aws_lambda_event_source_mapping.mailer.function_response_types) == tolist(["ReportBatchItemFailures"]) &&
      aws_lambda_event_source_mapping.mailer.bisect_batch_on_function_error &&
      aws_lambda_event_source_mapping.mailer.maximum_retry_attempts == 30 &&
      aws_lambda_event_source_mapping.mailer.maximum_record_age_in_seconds == 43200 &&
      aws_lambda_event_source_mapping.mailer.destination_config[0].on_failure[0].destination_arn == aws_sqs_queue.dead_letters.arn
    )
    error_message = "A record that can't be worked off holds nothing up for good, and isn't lost."
  }

  assert {
    condition = jsonencode(jsondecode(one(aws_lambda_event_source_mapping.mailer.filter_criteria[0].filter).pattern)) == jsonencode({
      eventName = ["INSERT", "MODIFY"]
      dynamodb  = { Keys = { sk = { S = ["ACCOUNT", "CONTACT", "ORDER", { prefix = "FOLLOWUP#" }, { prefix = "LEDGER#" }, { prefix = "MESSAGE#" }, { prefix = "SURVEY#" }] } } }
    })
    error_message = "The mailer gets what it reads."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "Dead letters are encrypted and kept for 14 days."
  }

  assert {
    condition = { for function, schedule in aws_scheduler_schedule.hourly : function => schedule.name } == {
      mailer             = "regulars-hourly"
      reengagement-scan  = "regulars-hourly-reengagement-scan"
      tier-recalculation = "regulars-hourly-tier-recalculation"
    }
    error_message = "The mailer and both nights have a schedule each."
  }

  assert {
    condition = alltrue([for schedule in aws_scheduler_schedule.hourly : (
      schedule.schedule_expression == "cron(0 * * * ? *)" &&
      schedule.target[0].input == "{\"hourly\":\"<aws.scheduler.scheduled-time>\"}" &&
      schedule.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn
    )])
    error_message = "Every hour each is told which hour it is, and an hour that is lost is a dead letter."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.scheduler.policy).Statement :
      length(statement.Resource) if statement.Sid == "Start"
    ] == [length(aws_scheduler_schedule.hourly)]
    error_message = "The Scheduler may start whom it has to, and no other function."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.function : target.dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn])
    error_message = "What a function doesn't take from a bus is a dead letter."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.rule["regulars-work-due"].event_pattern) == { source = ["regulars"], detail-type = ["WorkDue"] } && aws_cloudwatch_event_rule.rule["regulars-work-due"].event_bus_name == "regulars"
    error_message = "WorkDue wakes the mailer."
  }

  assert {
    condition = alltrue([for function in ["reengagement-scan", "tier-recalculation"] : (
      aws_cloudwatch_event_target.function["regulars-goes-on-${function}"].target_id == function &&
      aws_cloudwatch_event_rule.rule["regulars-goes-on-${function}"].event_bus_name == "regulars" &&
      jsondecode(aws_cloudwatch_event_rule.rule["regulars-goes-on-${function}"].event_pattern) == {
        source = ["regulars"], detail-type = ["NightGoesOn"], detail = { function = [function] }
      }
    )])
    error_message = "A night that is longer than an invocation wakes its own function, and not the other."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_archive.regulars.event_pattern).detail-type == [{ anything-but = ["WorkDue", "NightGoesOn"] }]
    error_message = "The archive keeps what happened, and no calls to work."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.rule["regulars-mail-events"].event_pattern).detail.mail.tags["ses:configuration-set"] == ["regulars-corner-bakery"] && aws_cloudwatch_event_rule.rule["regulars-mail-events"].event_bus_name == "default"
    error_message = "SES's events of this stack's mail, and of no other, reach mail-feedback."
  }
}

run "the_command_line_knows_it_by_one_parameter" {
  variables {
    packages = run.packages.folder
  }

  assert {
    condition = aws_ssm_parameter.stack.name == "/regulars/regulars/stack" && aws_ssm_parameter.stack.type == "String" && jsondecode(aws_ssm_parameter.stack.value) == {
      stack        = "regulars"
      region       = "eu-central-1"
      account      = "123456789012"
      table        = "regulars"
      bus          = "regulars"
      public_url   = "https://mocked.execute-api.eu-central-1.amazonaws.com"
      secrets_path = "/regulars/regulars/secrets"
      dead_letters = "https://sqs.eu-central-1.amazonaws.com/123456789012/regulars-dead-letters"
      schedule     = "regulars-hourly"
      alarms       = "arn:aws:sns:eu-central-1:123456789012:regulars-alarms"
      functions = {
        customer-portal    = "regulars-customer-portal"
        mail-feedback      = "regulars-mail-feedback"
        mailer             = "regulars-mailer"
        owner-dashboard    = "regulars-owner-dashboard"
        purchase-webhook   = "regulars-purchase-webhook"
        reengagement-scan  = "regulars-reengagement-scan"
        survey-response    = "regulars-survey-response"
        tier-recalculation = "regulars-tier-recalculation"
      }
      shops = {
        corner-bakery = {
          mail_domain       = "corner-bakery.example"
          mail_from_domain  = "bounce.corner-bakery.example"
          configuration_set = "regulars-corner-bakery"
          link_url          = null
          shopify           = "corner-bakery.myshopify.com"
        }
      }
    }
    error_message = "The parameter says all, and nothing secret."
  }
}
