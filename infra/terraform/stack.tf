# The deployment's name for everything, and what the command line knows it by.
locals {
  table        = var.stack
  bus          = var.stack
  dead_letters = "${var.stack}-dead-letters"
  schedule     = "${var.stack}-hourly"
  secrets_path = "/regulars/${var.stack}/secrets"

  tags = merge(var.tags, {
    Application = "regulars"
    Stack       = var.stack
    ManagedBy   = "terraform"
  })

  # Where the world reaches the deployment, and where each shop's links lead.
  public_url = var.domain != null && var.certificates_validated ? "https://${var.domain}" : aws_apigatewayv2_api.http.api_endpoint
  link_urls = { for id, shop in var.shops : id =>
    shop.link_domain != null && var.certificates_validated ? "https://${shop.link_domain}" : null
  }

  # Shops that send mail, with the domain it comes from.
  mail_shops        = { for id, shop in var.shops : id => shop.mail_domain if shop.mail_domain != null }
  mail_from_domains = { for id, domain in local.mail_shops : id => "bounce.${domain}" if var.mail_events }

  # Nothing of it is a secret: those stand below secrets_path, set by `regulars secrets set`.
  description = {
    stack        = var.stack
    region       = var.region
    account      = local.account
    table        = aws_dynamodb_table.loyalty.name
    bus          = aws_cloudwatch_event_bus.regulars.name
    public_url   = local.public_url
    secrets_path = local.secrets_path
    dead_letters = aws_sqs_queue.dead_letters.url
    schedule     = aws_scheduler_schedule.hourly["mailer"].name
    alarms       = aws_sns_topic.alarms.arn
    functions    = { for name, function in module.function : name => function.name }
    shops = { for id, shop in var.shops : id => {
      mail_domain       = shop.mail_domain
      mail_from_domain  = lookup(local.mail_from_domains, id, null)
      configuration_set = shop.mail_domain == null ? null : "${var.stack}-${id}"
      link_url          = local.link_urls[id]
      shopify           = shop.shopify
    } }
  }
}

resource "aws_ssm_parameter" "stack" {
  #checkov:skip=CKV2_AWS_34:it names what there is and holds no secret
  name        = "/regulars/${var.stack}/stack"
  description = "What `regulars` knows this deployment by"
  type        = "String"
  value       = jsonencode(local.description)
}
