"""Compares what the functions' roles allow with what the functions called.

    iam.py STACK CALLS

Fails if a call wasn't allowed, or if an allowed action was never used. What Lambda itself
does with a role (reading the stream, writing logs, putting what failed aside) is used
where the function is set up for it.
"""

import fnmatch
import json
import os
import sys

from aws import Stack

READS_STREAM = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
WRITES_LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
# What Lambda decrypts secrets with on a function's behalf; ours name no key of their own.
DEFAULT_KEY = "aws/ssm"


# Used where things come between each other, or long after, which no journey does on purpose:
# function, action, and how the resource ends.
RARE = {
    ("purchase-webhook", "dynamodb:Query", ""): "an older order of the other source may be this sale",
    ("customer-portal", "dynamodb:ConditionCheckItem", ""): "her record was merged while her form was taken in",
    ("mail-feedback", "dynamodb:ConditionCheckItem", ""): "her record was merged while SES's event was taken in",
    ("reengagement-scan", "dynamodb:Query", "/index/list"): "an approval was left to the night: unanswered, or longer than one request",
    ("tier-recalculation", "dynamodb:ConditionCheckItem", ""): "her record was merged while a missed sale of hers was taken in",
    ("tier-recalculation", "dynamodb:Query", "/index/list"): "a missed sale makes two people one, or a changed program is met by everybody",
}


def is_rare(function, rule):
    known = [end for who, action, end in RARE if (who, action) == (function, rule.action)]
    return any(rule.resource.endswith(end) for end in known)


def listed(value):
    return value if isinstance(value, list) else [value]


def fits(pattern, text):
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


class Allowed:
    """One action on one resource, and whether it was ever needed."""

    def __init__(self, action, resource, conditions):
        self.action, self.resource, self.conditions, self.used = action, resource, conditions, False

    def allows(self, call):
        same_key = call["resource"] == DEFAULT_KEY and ":key/" in self.resource or self.resource == "*"
        return (
            self.action.lower() == call["action"].lower()
            and (fits(self.resource, call["resource"]) or same_key)
            and all(self.holds(one, call["context"]) for one in self.conditions.items())
        )

    @staticmethod
    def holds(condition, context):
        operator, keys = condition
        kind = operator.rpartition(":")[2]
        for key, wanted in keys.items():
            if key not in context:
                # A key of a call this suite can't see, such as kms:ViaService.
                continue
            same = {"StringEquals": lambda a, b: a == b, "StringLike": lambda a, b: fits(b, a)}[kind]
            if not any(same(context[key], one) for one in listed(wanted)):
                return False
        return True


def allowed(stack, role):
    found = []
    attached = stack.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert not attached, f"{role} has policies that others have too: {attached}"
    for name in stack.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        policy = stack.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in listed(policy["Statement"]):
            assert statement["Effect"] == "Allow", statement
            for action in listed(statement["Action"]):
                assert "*" not in action, f"{role} may {action}"
                for resource in listed(statement["Resource"]):
                    found.append(Allowed(action, resource, statement.get("Condition", {})))
    return found


def by_lambda(stack, function, config):
    """What Lambda does with the role of a function set up like this."""
    name = config["FunctionName"]
    group = config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    logs = f"arn:aws:logs:{stack.region}:{stack.record['account']}:log-group:{group}:log-stream:x"
    for action in WRITES_LOGS:
        yield {"action": action, "resource": logs, "context": {}}
    mappings = stack.lambdas.list_event_source_mappings()["EventSourceMappings"]
    mappings = [one for one in mappings if stack.function_of(one["FunctionArn"]) == function]
    aside = [one["DestinationConfig"]["OnFailure"]["Destination"] for one in mappings]
    for mapping in mappings:
        for action in READS_STREAM:
            yield {"action": action, "resource": mapping["EventSourceArn"], "context": {}}
    try:
        invoked = stack.lambdas.get_function_event_invoke_config(FunctionName=name)
        aside.append(invoked["DestinationConfig"]["OnFailure"]["Destination"])
    except stack.lambdas.exceptions.ResourceNotFoundException:
        pass
    for queue in aside:
        yield {"action": "sqs:SendMessage", "resource": queue, "context": {}}


def main():
    name, path = sys.argv[1:]
    stack = Stack(name, {})
    with open(path) as file:
        calls = [json.loads(line) for line in file]
    wrong = []
    for function, deployed in sorted(stack.record["functions"].items()):
        config = stack.lambdas.get_function_configuration(FunctionName=deployed)
        rules = allowed(stack, config["Role"].rpartition("/")[2])
        made = [one for one in calls if one["function"] == function]
        assert made, f"{function} called nothing: was it run at all?"
        for call in [*made, *by_lambda(stack, function, config)]:
            fitting = [rule for rule in rules if rule.allows(call)]
            for rule in fitting:
                rule.used = True
            if not fitting:
                wrong.append(f"{function} may not {call['action']} on {call['resource']}, and did")
        # One shop of several stands for all: they have the same line each.
        used = {rule.action for rule in rules if rule.used}
        for rule in rules:
            if rule.used or is_rare(function, rule) or (rule.action.startswith("ses:") and rule.action in used):
                continue
            wrong.append(f"{function} may {rule.action} on {rule.resource}, and never did")
        kinds = sorted({f"{call['action']}" for call in made})
        print(f"{function}: {len(made)} calls, {len(rules)} lines of what it may: {', '.join(kinds)}")
    if wrong:
        sys.exit("FAILED:\n  " + "\n  ".join(dict.fromkeys(wrong)))
    print("every call was allowed, and everything allowed was used")


if __name__ == "__main__":
    os.environ.setdefault("AWS_REGION", "us-east-1")
    main()
