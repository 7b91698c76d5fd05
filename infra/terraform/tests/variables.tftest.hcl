# What each variable does.
mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  region      = "eu-central-1"
  alarm_email = "owner@corner-bakery.example"
  shops = {
    corner-bakery = {
      mail_domain = "corner-bakery.example"
      link_domain = "points.corner-bakery.example"
      shopify     = "corner-bakery.myshopify.com"
    }
  }
}

run "packages" {
  module {
    source = "./tests/packages"
  }
}

run "mail_is_signed_encrypted_suppressed_and_not_tracked" {
  variables {
    packages = run.packages.folder
  }

  assert {
    condition = (
      aws_sesv2_configuration_set.shop["corner-bakery"].configuration_set_name == "regulars-corner-bakery" &&
      aws_sesv2_configuration_set.shop["corner-bakery"].delivery_options[0].tls_policy == "REQUIRE" &&
      aws_sesv2_configuration_set.shop["corner-bakery"].reputation_options[0].reputation_metrics_enabled &&
      toset(aws_sesv2_configuration_set.shop["corner-bakery"].suppression_options[0].suppressed_reasons) == toset(["BOUNCE", "COMPLAINT"])
    )
    error_message = "A shop's mail goes by TLS, is measured, and doesn't go where it bounced or was called spam."
  }
  assert {
    condition = length(aws_sesv2_configuration_set.shop["corner-bakery"].tracking_options) == 0 && length(setintersection(
      aws_sesv2_configuration_set_event_destination.shop["corner-bakery"].event_destination[0].matching_event_types, ["OPEN", "CLICK"]
    )) == 0
    error_message = "Nobody's opening and clicking is tracked."
  }
  assert {
    condition     = aws_sesv2_configuration_set_event_destination.shop["corner-bakery"].event_destination[0].event_bridge_destination[0].event_bus_arn == "arn:aws:events:eu-central-1:123456789012:event-bus/default"
    error_message = "SES tells the default bus, the only one it knows."
  }
  assert {
    condition = (
      aws_sesv2_email_identity.shop["corner-bakery"].email_identity == "corner-bakery.example" &&
      aws_sesv2_email_identity.shop["corner-bakery"].dkim_signing_attributes[0].next_signing_key_length == "RSA_2048_BIT" &&
      aws_sesv2_email_identity_mail_from_attributes.shop["corner-bakery"].mail_from_domain == "bounce.corner-bakery.example"
    )
    error_message = "A shop's domain is signed with 2048 bits, and bounces come back to a subdomain."
  }
  assert {
    condition = [for record in output.dns_records["corner-bakery.example"] : "${record.type} ${record.name}" if record.type != "CNAME"] == [
      "MX bounce.corner-bakery.example", "TXT bounce.corner-bakery.example"
    ]
    error_message = "Records are for new names only: SPF and DMARC of the shop's domain stay as they are."
  }
  assert {
    condition     = output.dmarc_suggestions["corner-bakery.example"].value == "v=DMARC1; p=none"
    error_message = "DMARC is suggested, and asks nobody to refuse anything."
  }
}

run "an_emulator_goes_without_mail_events" {
  variables {
    packages    = run.packages.folder
    mail_events = false
  }

  assert {
    condition = (
      length(aws_sesv2_configuration_set_event_destination.shop) == 0 &&
      length(aws_sesv2_email_identity_mail_from_attributes.shop) == 0 &&
      local.description.shops["corner-bakery"].mail_from_domain == null
    )
    error_message = "Without mail_events there is no MAIL FROM and no event destination."
  }
}

run "domains_wait_for_their_certificates" {
  variables {
    packages = run.packages.folder
    domain   = "regulars.corner-bakery.example"
  }

  assert {
    condition = (
      toset(keys(aws_acm_certificate.domain)) == toset(["points.corner-bakery.example", "regulars.corner-bakery.example"]) &&
      length(aws_apigatewayv2_domain_name.domain) == 0 && length(aws_apigatewayv2_api_mapping.domain) == 0 &&
      output.public_url == "https://mocked.execute-api.eu-central-1.amazonaws.com"
    )
    error_message = "The first apply asks for certificates, and nothing uses them yet."
  }
  assert {
    condition     = [for record in output.dns_records["points.corner-bakery.example"] : record.name] == ["_mocked.mocked.example"]
    error_message = "The certificate's record is put out."
  }
}

run "domains_are_used_once_validated" {
  variables {
    packages               = run.packages.folder
    domain                 = "regulars.corner-bakery.example"
    certificates_validated = true
  }

  assert {
    condition = (
      toset(keys(aws_apigatewayv2_api_mapping.domain)) == toset(["points.corner-bakery.example", "regulars.corner-bakery.example"]) &&
      alltrue([for domain in aws_apigatewayv2_domain_name.domain : domain.domain_name_configuration[0].security_policy == "TLS_1_2"]) &&
      output.public_url == "https://regulars.corner-bakery.example" &&
      module.function["mailer"].settings.environment.REGULARS_PUBLIC_URL == "https://regulars.corner-bakery.example" &&
      module.function["mailer"].settings.environment.REGULARS_LINK_URLS == "corner-bakery=https://points.corner-bakery.example" &&
      output.webhook_urls["corner-bakery"].square == "https://regulars.corner-bakery.example/webhooks/square/corner-bakery"
    )
    error_message = "Webhooks go to the domain, and links in mail to the shop's."
  }
}

run "a_stacks_name_names_everything" {
  variables {
    packages = run.packages.folder
    stack    = "test"
  }

  assert {
    condition = (
      aws_dynamodb_table.loyalty.name == "test" && aws_cloudwatch_event_bus.regulars.name == "test" &&
      aws_sqs_queue.dead_letters.name == "test-dead-letters" && aws_scheduler_schedule.hourly["mailer"].name == "test-hourly" &&
      module.function["mailer"].name == "test-mailer" && aws_ssm_parameter.stack.name == "/regulars/test/stack" &&
      aws_sesv2_configuration_set.shop["corner-bakery"].configuration_set_name == "test-corner-bakery" &&
      aws_scheduler_schedule.hourly["tier-recalculation"].name == "test-hourly-tier-recalculation" &&
      alltrue([for alarm in aws_cloudwatch_metric_alarm.metric : startswith(alarm.alarm_name, "test-")]) &&
      aws_cloudwatch_dashboard.stack.dashboard_name == "test" && local.tags.Stack == "test"
    )
    error_message = "Two stacks of one account don't meet."
  }
}

run "the_rest_does_what_it_says" {
  variables {
    packages             = run.packages.folder
    architecture         = "x86_64"
    reserved_concurrency = { mailer = 2 }
    budget               = 0
    deletion_protection  = false
    log_retention_days   = 7
    archive_days         = 3
    tags                 = { Owner = "ada", Stack = "not to be overwritten" }
  }

  assert {
    condition     = alltrue([for function in module.function : function.settings.architectures == tolist(["x86_64"]) && function.settings.log_retention_days == 7])
    error_message = "architecture and log_retention_days are every function's."
  }
  assert {
    condition     = module.function["mailer"].settings.reserved_concurrency == 2 && module.function["mail-feedback"].settings.reserved_concurrency != 2
    error_message = "reserved_concurrency is for the functions it names."
  }
  assert {
    condition     = length(aws_budgets_budget.month) == 0
    error_message = "A budget of 0 is none."
  }
  assert {
    condition     = !aws_dynamodb_table.loyalty.deletion_protection_enabled
    error_message = "deletion_protection can be taken off, to leave."
  }
  assert {
    condition     = aws_cloudwatch_event_archive.regulars.retention_days == 3 && aws_cloudwatch_log_group.access.retention_in_days == 7
    error_message = "archive_days and log_retention_days are kept."
  }
  assert {
    condition     = local.tags.Owner == "ada" && local.tags.Stack == "regulars"
    error_message = "tags are added, and never take ours away."
  }
}

run "shopify_may_deliver_over_eventbridge" {
  variables {
    packages = run.packages.folder
    shops = {
      corner-bakery = {
        shopify              = "corner-bakery.myshopify.com"
        shopify_event_source = "aws.partner/shopify.com/123456/corner-bakery"
      }
      other = {}
    }
  }

  assert {
    condition = (
      aws_cloudwatch_event_bus.shopify["corner-bakery"].event_source_name == "aws.partner/shopify.com/123456/corner-bakery" &&
      aws_cloudwatch_event_rule.rule["regulars-shopify-corner-bakery"].event_bus_name == "aws.partner/shopify.com/123456/corner-bakery" &&
      aws_cloudwatch_event_target.function["regulars-shopify-corner-bakery"].target_id == "purchase-webhook" &&
      jsondecode(aws_cloudwatch_event_rule.rule["regulars-shopify-corner-bakery"].event_pattern).source == [{ prefix = "aws.partner/shopify.com/" }]
    )
    error_message = "Shopify's events reach purchase-webhook."
  }
}

# --- What is refused ------------------------------------------------------------------

run "a_stack_has_a_name_that_everything_can_be_named_by" {
  command = plan
  variables {
    packages = run.packages.folder
    stack    = "Regulars!"
  }
  expect_failures = [var.stack]
}

run "freemail_is_refused" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { corner-bakery = { mail_domain = "yahoo.co.uk" } }
  }
  expect_failures = [var.shops]
}

run "below_freemail_is_refused" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { corner-bakery = { mail_domain = "shop.gmail.com" } }
  }
  expect_failures = [var.shops]
}

run "a_shops_own_domain_may_look_like_freemail" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { corner-bakery = { mail_domain = "live.bakery" }, other = { mail_domain = "notgmail.com" } }
  }
  assert {
    condition     = length(local.mail_shops) == 2
    error_message = "live.bakery and notgmail.com are somebody's own."
  }
}

run "a_shops_id_is_the_programs" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { "Corner Bakery" = {} }
  }
  expect_failures = [var.shops]
}

run "two_shops_share_no_domain" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { a = { mail_domain = "a.example" }, b = { mail_domain = "a.example" } }
  }
  expect_failures = [var.shops]
}

run "a_link_domain_is_a_host_of_its_own" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { a = { mail_domain = "a.example", link_domain = "a.example" } }
  }
  expect_failures = [var.shops]
}

run "a_domain_is_no_url" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { a = { link_domain = "https://a.example/" } }
  }
  expect_failures = [var.shops]
}

run "shopifys_domain_is_the_permanent_one" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { a = { shopify = "www.a.example" } }
  }
  expect_failures = [var.shops]
}

run "an_event_source_needs_the_shops_domain" {
  command = plan
  variables {
    packages = run.packages.folder
    shops    = { a = { shopify_event_source = "aws.partner/shopify.com/1/a" } }
  }
  expect_failures = [var.shops]
}

run "a_bound_is_for_a_function_that_is_there" {
  command = plan
  variables {
    packages             = run.packages.folder
    reserved_concurrency = { mialer = 2 }
  }
  expect_failures = [var.reserved_concurrency]
}

run "what_else_is_refused" {
  command = plan
  variables {
    packages           = run.packages.folder
    region             = "Frankfurt"
    alarm_email        = "owner"
    budget             = -1
    architecture       = "arm"
    domain             = "regulars"
    sandbox_recipients = ["ada"]
    log_retention_days = 31
    archive_days       = 0
  }
  expect_failures = [
    var.region, var.alarm_email, var.budget, var.architecture, var.domain, var.sandbox_recipients,
    var.log_retention_days, var.archive_days,
  ]
}
