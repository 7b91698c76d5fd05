# Mail: each shop's own domain, configuration set, suppression and reputation at SES. Open
# and click tracking are off, and nothing here could turn them on. 0.10 $ a thousand mails.

resource "aws_sesv2_configuration_set" "shop" {
  for_each = local.mail_shops

  configuration_set_name = "${var.stack}-${each.key}"

  # Mail with a customer's points in it isn't sent in clear.
  delivery_options {
    tls_policy = "REQUIRE"
  }

  reputation_options {
    reputation_metrics_enabled = true
  }

  sending_options {
    sending_enabled = true
  }

  # An address that bounced or complained gets nothing more from SES, whatever we ask.
  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }
}

# No OPEN, no CLICK: SES counts those by pixels and by rewriting links, and does so only
# where somebody asks for them.
resource "aws_sesv2_configuration_set_event_destination" "shop" {
  for_each = var.mail_events ? local.mail_shops : {}

  configuration_set_name = aws_sesv2_configuration_set.shop[each.key].configuration_set_name
  event_destination_name = "regulars"

  event_destination {
    enabled              = true
    matching_event_types = ["BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "REJECT", "RENDERING_FAILURE", "SEND"]

    event_bridge_destination {
      event_bus_arn = "${local.arn_of.events}:event-bus/default"
    }
  }
}

resource "aws_sesv2_email_identity" "shop" {
  for_each = local.mail_shops

  email_identity         = each.value
  configuration_set_name = aws_sesv2_configuration_set.shop[each.key].configuration_set_name

  dkim_signing_attributes {
    next_signing_key_length = "RSA_2048_BIT"
  }
}

# Bounces come back to a subdomain of the shop's, so that SPF is aligned too. Until its
# records stand, SES uses its own and mail goes out all the same.
resource "aws_sesv2_email_identity_mail_from_attributes" "shop" {
  for_each = local.mail_from_domains

  email_identity         = aws_sesv2_email_identity.shop[each.key].email_identity
  mail_from_domain       = each.value
  behavior_on_mx_failure = "USE_DEFAULT_VALUE"
}

resource "aws_sesv2_email_identity" "sandbox_recipient" {
  for_each = var.sandbox_recipients

  email_identity = each.value
}
