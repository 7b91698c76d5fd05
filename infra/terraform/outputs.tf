output "stack" {
  description = "What `regulars` knows this deployment by; the SSM parameter holds the same."
  value       = local.description
}

output "public_url" {
  description = "Where the deployment is reached."
  value       = local.public_url
}

output "webhook_urls" {
  description = "By shop, where Shopify and Square send their webhooks."
  value = { for shop in keys(var.shops) : shop => {
    shopify = "${local.public_url}/webhooks/shopify/${shop}"
    square  = "${local.public_url}/webhooks/square/${shop}"
  } }
}

output "dns_records" {
  description = "By domain, the records to add. They are all new names: existing records, SPF and DMARC above all, stay as they are."
  value = merge(
    { for shop, domain in local.mail_shops : domain => concat(
      [for token in aws_sesv2_email_identity.shop[shop].dkim_signing_attributes[0].tokens : {
        type  = "CNAME"
        name  = "${token}._domainkey.${domain}"
        value = "${token}.dkim.amazonses.com"
        why   = "signs the shop's mail (DKIM)"
      }],
      [for bounces in values({ for id, bounces in local.mail_from_domains : id => bounces if id == shop }) : {
        type  = "MX"
        name  = bounces
        value = "10 feedback-smtp.${var.region}.amazonses.com"
        why   = "takes mail that comes back"
      }],
      [for bounces in values({ for id, bounces in local.mail_from_domains : id => bounces if id == shop }) : {
        type  = "TXT"
        name  = bounces
        value = "v=spf1 include:amazonses.com ~all"
        why   = "says that SES may send for this subdomain (SPF)"
      }],
    ) },
    { for domain in local.domains : domain => concat(
      [for option in aws_acm_certificate.domain[domain].domain_validation_options : {
        type  = option.resource_record_type
        name  = trimsuffix(option.resource_record_name, ".")
        value = trimsuffix(option.resource_record_value, ".")
        why   = "proves to AWS that the domain is yours, for its certificate"
      }],
      [for one in local.domains_in_use : {
        type  = "CNAME"
        name  = one
        value = aws_apigatewayv2_domain_name.domain[one].domain_name_configuration[0].target_domain_name
        why   = "leads to the deployment"
      } if one == domain],
    ) },
  )
}

output "dmarc_suggestions" {
  description = "By mail domain, a DMARC record for where there is none yet: it asks nobody to refuse anything. Where there is one, leave it."
  value = { for domain in values(local.mail_shops) : domain => {
    type  = "TXT"
    name  = "_dmarc.${domain}"
    value = "v=DMARC1; p=none"
  } }
}

output "function_environments" {
  description = "By function, its name and environment, to run it elsewhere as it runs in AWS."
  value = { for name, function in module.function : name => {
    name        = function.name
    environment = function.settings.environment
  } }
}

output "iam" {
  description = "By function, its policy; and the actions that IAM knows no resource for, with the reason for each."
  value = {
    policies         = { for name, function in module.function : name => jsondecode(function.policy) }
    without_resource = local.without_resource
  }
}

output "routes" {
  description = "The HTTP API's routes, and the function of each."
  value       = { for key, route in local.routes : key => route.function }
}

output "dashboard_url" {
  description = "The dashboard, for who is signed in to AWS."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards:name=${aws_cloudwatch_dashboard.stack.dashboard_name}"
}
