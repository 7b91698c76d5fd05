# The one table. Its one definition is shared/platform/src/store/table.rs; a test compares
# this with it. Idle it costs 0.25 $ a GB and month, and 0.20 $ a GB more for point-in-time
# recovery.
resource "aws_dynamodb_table" "loyalty" {
  #checkov:skip=CKV_AWS_119:encrypted by DynamoDB's own key; one of ours costs a dollar a month and guards against nobody more, as all who may read the table would have it
  name                        = local.table
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = toset(concat(["pk", "sk"], flatten(values(local.indexes))))
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.indexes
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value[0]
      range_key       = global_secondary_index.value[1]
      projection_type = "KEYS_ONLY"
    }
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  # Any second of the last 35 days can be had back, as another table.
  point_in_time_recovery {
    enabled = true
  }
}

locals {
  # Each index's partition and sort key. They are sparse and hold keys only.
  indexes = {
    due_mail   = ["dm", "pk"]
    due_points = ["dp", "pk"]
    due_send   = ["ds", "dt"]
    list       = ["lp", "ls"]
  }
}
