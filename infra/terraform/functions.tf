# The functions. One more is an entry here, and in api.tf, bus.tf or schedules.tf what
# starts it; permissions.tf makes its policy from this.
locals {
  functions = {
    purchase-webhook = {
      description = "Takes Shopify's and Square's webhooks and turns purchases into points"
      # The CPU of 256 MB starts a binary in half the time of 128, and a millisecond costs
      # next to nothing either way.
      memory = 256
      # Shopify waits for 5 seconds, Square for 10. What comes too late for the one is
      # written all the same, and its repeat costs nothing.
      timeout = 10
      # Shopify's events over EventBridge, where a shop has them.
      asynchronous = true
      table        = ["BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query"]
      indexes      = ["list"]
      stream       = false
      bus          = false
      mail         = false
    }

    owner-dashboard = {
      description = "The owner's JSON API"
      # A person waits. The longest work is undoing a merge of two with many orders, and API
      # Gateway gives up after 30 seconds.
      memory       = 256
      timeout      = 25
      asynchronous = false
      table        = ["BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query"]
      indexes      = ["due_mail", "due_points", "list"]
      stream       = false
      bus          = false
      mail         = false
    }

    customer-portal = {
      description = "The pages behind the links in mail"
      # A person waits, on her phone, for a few reads and one write. Mail providers that
      # press the one-click button give up after some 10 seconds.
      memory       = 256
      timeout      = 10
      asynchronous = false
      table        = ["ConditionCheckItem", "GetItem", "PutItem", "Query"]
      indexes      = []
      stream       = false
      bus          = false
      mail         = false
    }

    survey-response = {
      description = "The survey pages: an answer is recorded, and a low one opens a follow-up"
      # As the portal's pages: a person waits, for a few reads and one transaction.
      memory       = 256
      timeout      = 10
      asynchronous = false
      table        = ["ConditionCheckItem", "GetItem", "PutItem", "Query"]
      indexes      = []
      stream       = false
      bus          = false
      mail         = false
    }

    mailer = {
      description = "Plans mail from what changes in the table, and sends what is due"
      # Nobody waits, but a batch of the stream and rendered mail are held at once.
      memory = 256
      # It begins nothing new in its last 40 seconds (functions/mailer/src/main.rs) and starts
      # itself again when more is due: what is left sends for four minutes. Longer would
      # have an event of the stream wait longer after a crash.
      timeout      = 300
      asynchronous = true
      table        = ["BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query"]
      indexes      = ["due_send", "list"]
      stream       = true
      bus          = true
      mail         = true
    }

    reengagement-scan = {
      description = "The mail night: who stayed away, whose day it is, what will be lost"
      # Nobody waits, but a page of customers is held at once.
      memory = 256
      # It hands over to another invocation 30 seconds before its end
      # (functions/reengagement-scan/src/main.rs): the rest works off some ten thousand
      # customers. Longer would have a night stand still for longer after a hang.
      timeout      = 300
      asynchronous = true
      table        = ["BatchGetItem", "GetItem", "PutItem", "Query"]
      indexes      = ["due_mail", "list"]
      stream       = false
      bus          = true
      mail         = false
    }

    tier-recalculation = {
      description = "The points night: missed sales, points that mature or expire, tiers under review"
      # Nobody waits, but a page of orders as long as Shopify writes them is held at once.
      memory = 256
      # As long as Lambda gives: a source that has us wait has half of it, and the last 40
      # seconds begin nothing new (functions/tier-recalculation/src/main.rs).
      timeout      = 900
      asynchronous = true
      # What it finds missing at a source it records as purchase-webhook does.
      table   = ["BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query"]
      indexes = ["due_points", "list"]
      stream  = false
      bus     = true
      mail    = false
    }

    mail-feedback = {
      description = "Takes what became of mail from SES"
      # Nobody waits for it: the least there is.
      memory = 128
      # A few reads and writes, and a table that answers slowly is waited for.
      timeout      = 30
      asynchronous = true
      table        = ["BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query"]
      indexes      = ["list"]
      stream       = false
      bus          = false
      mail         = false
    }
  }

  # What every function is told.
  environment = {
    REGULARS_STACK              = var.stack
    REGULARS_TABLE              = local.table
    REGULARS_SECRETS_PATH       = local.secrets_path
    REGULARS_PUBLIC_URL         = local.public_url
    REGULARS_SHOPIFY_SHOPS      = join(",", [for id, shop in var.shops : "${shop.shopify}=${id}" if shop.shopify != null])
    REGULARS_LINK_URLS          = join(",", [for id, url in local.link_urls : "${id}=${url}" if url != null])
    REGULARS_BUS                = local.bus
    REGULARS_CONFIGURATION_SETS = var.stack
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name                 = "${var.stack}-${each.key}"
  description          = each.value.description
  package              = "${var.packages}/${each.key}.zip"
  architecture         = var.architecture
  memory               = each.value.memory
  timeout              = each.value.timeout
  reserved_concurrency = lookup(var.reserved_concurrency, each.key, null)
  environment          = local.environment
  statements           = local.statements[each.key]
  asynchronous         = each.value.asynchronous
  dead_letters         = aws_sqs_queue.dead_letters.arn
  log_retention_days   = var.log_retention_days
}

# The table's stream → mailer: whatever is written is planned and told from here.
resource "aws_lambda_event_source_mapping" "mailer" {
  function_name    = module.function["mailer"].arn
  event_source_arn = aws_dynamodb_table.loyalty.stream_arn

  # From the table's first change on, whenever this is made.
  starting_position = "TRIM_HORIZON"

  # A purchase writes three items that concern the mailer; a second's gathering has them
  # come together and halves the invocations.
  batch_size                         = 100
  maximum_batching_window_in_seconds = 1
  parallelization_factor             = 1

  # A record that can't be worked off yet is handed back alone; the neighbours before it are
  # done. One that never can be is the function's own to set aside, so that these bounds end
  # only what nobody foresaw, in the dead letters.
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 30
  maximum_record_age_in_seconds  = 43200

  # Only what the function reads (`Changed::concerns` in shared/platform/src/store/changes.rs),
  # and nothing that is deleted.
  filter_criteria {
    filter {
      pattern = jsonencode({
        eventName = ["INSERT", "MODIFY"]
        dynamodb = { Keys = { sk = { S = [
          "ACCOUNT", "CONTACT", "ORDER", { prefix = "FOLLOWUP#" }, { prefix = "LEDGER#" },
          { prefix = "MESSAGE#" }, { prefix = "SURVEY#" },
        ] } } }
      })
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead_letters.arn
    }
  }

  tags = { Function = module.function["mailer"].name }
}
