# The HTTP API (a dollar a million requests). Every route is named: what isn't here is
# answered by the gateway and starts nothing.
locals {
  # Requests a second, and how many at once, that a route takes before it answers 429.
  throttles = {
    # A busy shop has a few webhooks a second; sources send again what they are refused, and
    # a purchase that waits a minute is right all the same.
    webhook = { rate = 50, burst = 100 }
    # After a mailing everybody looks at once, and so do the scanners of mail providers.
    page = { rate = 50, burst = 200 }
    # A card at a counter. The function itself takes twenty answers a minute and shop.
    counter = { rate = 20, burst = 60 }
    # One owner, and whoever tries tokens.
    api = { rate = 10, burst = 40 }
  }

  # The pages a link in mail or a card at the counter leads to, with what each takes:
  # functions/customer-portal/src/lib.rs and functions/survey-response/src/lib.rs. A link that
  # was cut short or has something behind it gets her a page, not the gateway's JSON.
  doors = {
    "u"   = { function = "customer-portal", methods = ["GET", "HEAD", "POST"], throttle = "page" }
    "p"   = { function = "customer-portal", methods = ["GET", "HEAD", "POST"], throttle = "page" }
    "why" = { function = "customer-portal", methods = ["GET", "HEAD"], throttle = "page" }
    "c"   = { function = "customer-portal", methods = ["GET", "HEAD", "POST"], throttle = "page" }
    "s"   = { function = "survey-response", methods = ["GET", "HEAD", "POST"], throttle = "page" }
    "f"   = { function = "survey-response", methods = ["GET", "HEAD", "POST"], throttle = "counter" }
  }

  routes = merge(
    {
      "POST /webhooks/shopify/{shop}" = { function = "purchase-webhook", throttle = "webhook" }
      "POST /webhooks/square/{shop}"  = { function = "purchase-webhook", throttle = "webhook" }
      # The function itself answers a wrong method or path, with what is right.
      "ANY /api/{proxy+}" = { function = "owner-dashboard", throttle = "api" }
    },
    merge(flatten([for path, door in local.doors : [for method in door.methods : {
      "${method} /${path}"          = { function = door.function, throttle = door.throttle }
      "${method} /${path}/{token+}" = { function = door.function, throttle = door.throttle }
    }]])...),
  )
  http_functions = toset(values(local.routes)[*].function)

  # Certificates, and once those are validated the domains themselves.
  domains        = toset(compact(concat([var.domain], values(var.shops)[*].link_domain)))
  domains_in_use = var.certificates_validated ? local.domains : toset([])
}

resource "aws_apigatewayv2_api" "http" {
  name          = var.stack
  description   = "Regulars: webhooks, the pages behind links in mail, the owner's API"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "function" {
  for_each = local.http_functions

  api_id                 = aws_apigatewayv2_api.http.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = module.function[each.key].invoke_arn
  payload_format_version = "2.0"
  # A second more than the function has: it ends itself, and says so.
  timeout_milliseconds = (local.functions[each.key].timeout + 1) * 1000
}

resource "aws_apigatewayv2_route" "route" {
  #checkov:skip=CKV_AWS_309:webhooks are signed, links in mail are signed, and the API wants a bearer token: each function checks before it does anything
  for_each = local.routes

  api_id             = aws_apigatewayv2_api.http.id
  route_key          = each.key
  authorization_type = "NONE"
  target             = "integrations/${aws_apigatewayv2_integration.function[each.value.function].id}"
}

resource "aws_lambda_permission" "api" {
  for_each = local.http_functions

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = module.function[each.key].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.http.execution_arn}/*"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.http.id
  name        = "$default"
  auto_deploy = true

  # For whatever no route names.
  default_route_settings {
    throttling_rate_limit  = local.throttles.api.rate
    throttling_burst_limit = local.throttles.api.burst
  }

  dynamic "route_settings" {
    for_each = local.routes
    content {
      route_key              = route_settings.key
      throttling_rate_limit  = local.throttles[route_settings.value.throttle].rate
      throttling_burst_limit = local.throttles[route_settings.value.throttle].burst
    }
  }

  # The route, never the path, the query or the address: a path behind a link is a key to
  # somebody's data, and an IP address is personal data.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      time               = "$context.requestTimeEpoch"
      request            = "$context.requestId"
      route              = "$context.routeKey"
      status             = "$context.status"
      bytes              = "$context.responseLength"
      latency_ms         = "$context.responseLatency"
      function_ms        = "$context.integrationLatency"
      function_status    = "$context.integrationStatus"
      integration_error  = "$context.integrationErrorMessage"
      gateway_error_type = "$context.error.responseType"
    })
  }

  # A route's settings need the route.
  depends_on = [aws_apigatewayv2_route.route]
}

# Below this name API Gateway may write without the account's resource policy growing.
resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:no personal data in it, and encrypted by CloudWatch's own key
  #checkov:skip=CKV_AWS_338:for looking after faults, not for keeping
  name              = "/aws/vendedlogs/${var.stack}/api"
  retention_in_days = var.log_retention_days
}

# --- Domains -------------------------------------------------------------------------

resource "aws_acm_certificate" "domain" {
  for_each = local.domains

  domain_name       = each.key
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# Waits until the records are seen, and says so if they aren't.
resource "aws_acm_certificate_validation" "domain" {
  for_each = local.domains_in_use

  certificate_arn = aws_acm_certificate.domain[each.key].arn

  timeouts {
    create = "15m"
  }
}

resource "aws_apigatewayv2_domain_name" "domain" {
  for_each = local.domains_in_use

  domain_name = each.key

  domain_name_configuration {
    certificate_arn = aws_acm_certificate_validation.domain[each.key].certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "domain" {
  for_each = local.domains_in_use

  api_id      = aws_apigatewayv2_api.http.id
  domain_name = aws_apigatewayv2_domain_name.domain[each.key].id
  stage       = aws_apigatewayv2_stage.default.id
}
