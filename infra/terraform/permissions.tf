# What each function may do: the very calls its code makes, on the very things it makes them
# on. A test compares them with the calls that are made.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # Named here rather than asked of the resources, so that a plan shows whole policies.
  arn_of = { for service in ["dynamodb", "events", "kms", "scheduler", "ses", "sqs", "ssm"] :
    service => "arn:${local.partition}:${service}:${var.region}:${local.account}"
  }
  table_arn        = "${local.arn_of.dynamodb}:table/${local.table}"
  dead_letters_arn = "${local.arn_of.sqs}:${local.dead_letters}"

  # Actions that IAM knows no resource for, and what each is for. Nothing else is allowed on
  # "*"; a test sees to it.
  without_resource = {
    "dynamodb:ListStreams" = "Lambda asks for it before it polls a stream"
    "ses:GetAccount"       = "the mailer asks for the account's sending quota"
  }

  statements = { for name, function in local.functions : name => [for statement in [
    {
      Sid      = "Table"
      Effect   = "Allow"
      Action   = [for action in function.table : "dynamodb:${action}"]
      Resource = [local.table_arn]
    },
    length(function.indexes) == 0 ? null : {
      Sid      = "Indexes"
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = [for index in function.indexes : "${local.table_arn}/index/${index}"]
    },
    {
      Sid      = "Secrets"
      Effect   = "Allow"
      Action   = ["ssm:GetParametersByPath"]
      Resource = ["${local.arn_of.ssm}:parameter${local.secrets_path}"]
    },
    # Through SSM alone, and nothing but what stands below the path.
    {
      Sid      = "DecryptSecrets"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = ["${local.arn_of.kms}:key/*"]
      Condition = {
        StringEquals = { "kms:ViaService" = "ssm.${var.region}.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:PARAMETER_ARN" = "${local.arn_of.ssm}:parameter${local.secrets_path}/*" }
      }
    },
    # What Lambda does in the function's name.
    function.asynchronous ? {
      Sid      = "DeadLetters"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = [local.dead_letters_arn]
    } : null,
    function.stream ? {
      Sid      = "Stream"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
      Resource = ["${local.table_arn}/stream/*"]
    } : null,
    function.bus ? {
      Sid      = "Bus"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = ["${local.arn_of.events}:event-bus/${local.bus}"]
    } : null,
    # Only in the shops' own names. In the sandbox SES asks for the recipient's identity too.
    function.mail && length(local.mail_shops) > 0 ? {
      Sid    = "Send"
      Effect = "Allow"
      Action = ["ses:SendEmail"]
      Resource = concat(
        [for domain in values(local.mail_shops) : "${local.arn_of.ses}:identity/${domain}"],
        [for shop in keys(local.mail_shops) : "${local.arn_of.ses}:configuration-set/${var.stack}-${shop}"],
        [for address in var.sandbox_recipients : "${local.arn_of.ses}:identity/${address}"],
      )
      Condition = {
        StringLike = { "ses:FromAddress" = [for domain in values(local.mail_shops) : "*@${domain}"] }
      }
    } : null,
    function.stream || function.mail ? {
      Sid    = "WithoutResource"
      Effect = "Allow"
      Action = [for action in keys(local.without_resource) : action
      if startswith(action, "dynamodb:") ? function.stream : function.mail]
      Resource = ["*"]
    } : null,
  ] : statement if statement != null] }
}
