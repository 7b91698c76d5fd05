# Who may do what.
mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  region      = "eu-central-1"
  alarm_email = "owner@corner-bakery.example"
  shops = {
    corner-bakery = { mail_domain = "corner-bakery.example" }
    harbour-books = { mail_domain = "harbour-books.example" }
    market-stall  = {}
  }
}

run "packages" {
  module {
    source = "./tests/packages"
  }
}

run "each_function_may_do_what_it_does_and_no_more" {
  variables {
    packages = run.packages.folder
  }

  assert {
    condition = alltrue(flatten([for policy in output.iam.policies : [for statement in policy.Statement : [
      for action in statement.Action : can(regex("^[a-z]+:[A-Za-z]+$", action))
    ]]]))
    error_message = "Every action is named whole."
  }

  assert {
    condition = alltrue(flatten([for policy in output.iam.policies : [for statement in policy.Statement :
      !contains(statement.Resource, "*") || (
        length(statement.Resource) == 1 && length(setsubtract(statement.Action, keys(output.iam.without_resource))) == 0
      )
    ]]))
    error_message = "\"*\" stands only for actions that IAM knows no resource for."
  }

  assert {
    condition     = alltrue(flatten([for policy in output.iam.policies : [for statement in policy.Statement : [for resource in statement.Resource : resource == "*" || startswith(resource, "arn:aws:")]]]))
    error_message = "Every resource is named by its ARN."
  }

  assert {
    condition     = alltrue(flatten([for policy in output.iam.policies : [for statement in policy.Statement : [for action in statement.Action : !contains(["dynamodb:Scan", "dynamodb:DeleteTable", "ssm:GetParameters", "ssm:PutParameter"], action)]]]))
    error_message = "No function scans the table, deletes it or writes secrets."
  }

  assert {
    condition     = alltrue([for policy in output.iam.policies : length(jsonencode(policy)) < 10240])
    error_message = "A role's inline policies have 10,240 characters at the most."
  }

  assert {
    condition = [for name, policy in output.iam.policies : name if anytrue([for statement in policy.Statement : contains(statement.Action, "ses:SendEmail")])] == ["mailer"] && alltrue([
      for statement in output.iam.policies["mailer"].Statement : statement.Sid != "Send" || statement == {
        Sid    = "Send"
        Effect = "Allow"
        Action = ["ses:SendEmail"]
        Resource = [
          "arn:aws:ses:eu-central-1:123456789012:identity/corner-bakery.example",
          "arn:aws:ses:eu-central-1:123456789012:identity/harbour-books.example",
          "arn:aws:ses:eu-central-1:123456789012:configuration-set/regulars-corner-bakery",
          "arn:aws:ses:eu-central-1:123456789012:configuration-set/regulars-harbour-books",
        ]
        Condition = { StringLike = { "ses:FromAddress" = ["*@corner-bakery.example", "*@harbour-books.example"] } }
      }
    ])
    error_message = "Only the mailer sends, and only in the shops' names."
  }

  assert {
    condition = alltrue([for policy in output.iam.policies : length([for statement in policy.Statement : statement
      if statement.Sid == "Secrets" && statement.Resource == ["arn:aws:ssm:eu-central-1:123456789012:parameter/regulars/regulars/secrets"]
    ]) == 1])
    error_message = "Each function reads the stack's secrets."
  }

  assert {
    condition = alltrue([for name, policy in output.iam.policies : length([for statement in policy.Statement : statement
      if statement.Sid == "DeadLetters"
    ]) == (local.functions[name].asynchronous ? 1 : 0)])
    error_message = "Only who is handed events may write dead letters."
  }
}

run "without_mail_nobody_may_send" {
  variables {
    packages = run.packages.folder
    shops    = { market-stall = {} }
  }

  assert {
    condition     = !anytrue(flatten([for policy in output.iam.policies : [for statement in policy.Statement : contains(statement.Action, "ses:SendEmail")]]))
    error_message = "A stack without a mail domain may send nothing."
  }
  assert {
    condition     = length(aws_sesv2_email_identity.shop) == 0 && !contains(keys(aws_cloudwatch_event_rule.rule), "regulars-mail-events")
    error_message = "It has nothing at SES."
  }
}

run "in_the_sandbox_recipients_are_named" {
  variables {
    packages           = run.packages.folder
    sandbox_recipients = ["ada@example.com"]
  }

  assert {
    condition = anytrue([for statement in output.iam.policies["mailer"].Statement :
      statement.Sid == "Send" && contains(statement.Resource, "arn:aws:ses:eu-central-1:123456789012:identity/ada@example.com")
    ])
    error_message = "In the sandbox SES asks for the recipient's identity too."
  }
  assert {
    condition     = aws_sesv2_email_identity.sandbox_recipient["ada@example.com"].email_identity == "ada@example.com"
    error_message = "SES asks the recipient to confirm."
  }
}
