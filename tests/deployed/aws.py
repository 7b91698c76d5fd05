"""What AWS does between the parts of a deployment, done by its own description of them.

A request goes by the HTTP API's routes, records of the stream by the mapping and its
filter, events by the bus's rules and the schedule's input: all as Terraform applied them.
Only the invoking is the suite's: each function runs under cargo lambda, on a port of its own.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3


class Stack:
    """A deployment, and where its functions run: their ports by their names."""

    def __init__(self, name, ports):
        self.name, self.ports = name, ports
        region, url = os.environ["AWS_REGION"], os.environ["AWS_ENDPOINT_URL"]

        def client(service):
            return boto3.client(service, region_name=region, endpoint_url=url)

        self.ssm, self.lambdas, self.iam = client("ssm"), client("lambda"), client("iam")
        self.api, self.streams = client("apigatewayv2"), client("dynamodbstreams")
        self.events, self.scheduler, self.sqs = client("events"), client("scheduler"), client("sqs")
        self.dynamodb = client("dynamodb")
        self.region, self.url = region, url
        record = self.ssm.get_parameter(Name=f"/regulars/{name}/stack")["Parameter"]["Value"]
        self.record = json.loads(record)
        self.secrets, self.last, self.timed = {}, {}, {}

    # --- Invoking ------------------------------------------------------------------------

    def invoke(self, function, event):
        """What the function answers; an error it ends with is one here."""
        self.last[function] = event
        if function in self.timed:
            return self.timed[function](event)
        url = f"http://127.0.0.1:{self.ports[function]}/2015-03-31/functions/{function}/invocations"
        request = urllib.request.Request(url, json.dumps(event).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{function} answered {error.code}: {error.read()[:500]}") from error
        answer = json.loads(text or b"null")
        if isinstance(answer, dict) and "errorMessage" in answer:
            raise AssertionError(f"{function} ended with {answer}")
        return answer

    def function_of(self, arn):
        """Whose ARN this is, as an integration, a mapping or a target names it."""
        name = re.search(r":function:([^:/]+)", arn).group(1)
        [function] = [one for one, deployed in self.record["functions"].items() if deployed == name]
        return function

    # --- The HTTP API --------------------------------------------------------------------

    def routes(self):
        """The routes of the one API, each with its function."""
        [api] = [one["ApiId"] for one in self.api.get_apis()["Items"] if one["Name"] == self.name]
        integrations = {
            one["IntegrationId"]: one for one in self.api.get_integrations(ApiId=api)["Items"]
        }
        for route in self.api.get_routes(ApiId=api)["Items"]:
            integration = integrations[route["Target"].removeprefix("integrations/")]
            assert integration["PayloadFormatVersion"] == "2.0", integration
            yield route["RouteKey"], self.function_of(integration["IntegrationUri"])

    def hosts(self):
        """The hosts that lead to the API."""
        for domain in self.api.get_domain_names()["Items"]:
            if self.api.get_api_mappings(DomainName=domain["DomainName"])["Items"]:
                yield domain["DomainName"]
        for api in self.api.get_apis()["Items"]:
            yield urllib.parse.urlsplit(api["ApiEndpoint"]).hostname

    def route(self, method, path):
        """Where a request goes: the route with the most fixed parts, as API Gateway has it."""
        parts, found = path.strip("/").split("/"), []
        for key, function in self.routes():
            verb, _, pattern = key.partition(" ")
            if verb not in (method, "ANY"):
                continue
            wanted = pattern.strip("/").split("/")
            greedy = wanted[-1].endswith("+}")
            if len(parts) < len(wanted) or (len(parts) > len(wanted) and not greedy):
                continue
            pairs = list(zip(wanted, parts))
            if all(one.startswith("{") or one == part for one, part in pairs):
                fixed = sum(not one.startswith("{") for one, _ in pairs)
                found.append((fixed, not greedy, verb != "ANY", key, function))
        return max(found)[3:] if found else (None, None)

    def request(self, method, url, headers=None, body=b""):
        """A request to the deployment, by one of its hosts or by a path alone: status, headers
        and body of its answer."""
        parts = urllib.parse.urlsplit(url)
        path, query, host = parts.path, parts.query, parts.hostname
        if host is None:
            host = urllib.parse.urlsplit(self.record["public_url"]).hostname
        assert host in self.hosts(), f"{host} isn't the deployment's"
        key, function = self.route(method, path)
        if key is None:
            return 404, {}, '{"message":"Not Found"}'
        headers = {name.lower(): value for name, value in (headers or {}).items()}
        headers.setdefault("host", host)
        event = {
            "version": "2.0",
            "routeKey": key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": self.record["account"],
                "apiId": "r3pmxmplak",
                "domainName": host,
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": headers.get("user-agent", "a test"),
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": key,
                "stage": "$default",
                "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
                "timeEpoch": int(time.time() * 1000),
            },
            "isBase64Encoded": True,
            "body": base64.b64encode(body).decode(),
        }
        answer = self.invoke(function, event)
        text = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            text = base64.b64decode(text).decode()
        return answer["statusCode"], answer.get("headers", {}), text

    def get(self, path):
        """What the owner's API answers to GET."""
        status, _, text = self.request("GET", path, {"authorization": f"Bearer {self.secrets['api']}"})
        assert status == 200, f"GET {path} was answered {status}: {text}"
        return json.loads(text)

    def post(self, path, body):
        """What the owner's API answers to POST."""
        headers = {"authorization": f"Bearer {self.secrets['api']}", "content-type": "application/json"}
        status, _, text = self.request("POST", path, headers, json.dumps(body).encode())
        assert status in (200, 204), f"POST {path} was answered {status}: {text}"
        return json.loads(text or "null")

    def webhook(self, shop, topic, body, secret=None):
        """A webhook of Shopify's, signed as Shopify signs: its status."""
        secret = (secret or self.secrets[f"{shop}/shopify"]).encode()
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()
        headers = {
            "content-type": "application/json",
            "x-shopify-topic": topic,
            "x-shopify-hmac-sha256": signature,
            "x-shopify-shop-domain": self.record["shops"][shop]["shopify"],
            "x-shopify-api-version": "2026-07",
            "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        }
        return self.request("POST", f"/webhooks/shopify/{shop}", headers, body)[0]

    # --- The stream ----------------------------------------------------------------------

    def open_stream(self):
        """From here on, records are delivered."""
        [mapping] = self.lambdas.list_event_source_mappings()["EventSourceMappings"]
        self.mapping, arn = mapping, mapping["EventSourceArn"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], mapping
        [shard] = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self.iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def deliver_stream(self):
        """Gives the mapping's function what the stream has that its filter lets pass."""
        delivered = 0
        while True:
            answer = self.streams.get_records(ShardIterator=self.iterator, Limit=100)
            self.iterator = answer["NextShardIterator"]
            if not answer["Records"]:
                return delivered
            records = [self.record_as_sent(one) for one in answer["Records"]]
            records = [one for one in records if self.passes(one)]
            if records:
                function = self.function_of(self.mapping["FunctionArn"])
                answer = self.invoke(function, {"Records": records})
                assert answer == {"batchItemFailures": []}, answer
                delivered += len(records)

    def record_as_sent(self, record):
        change = dict(record["dynamodb"])
        created = change["ApproximateCreationDateTime"]
        change["ApproximateCreationDateTime"] = created.timestamp()
        for image in ("Keys", "NewImage", "OldImage"):
            if image in change:
                change[image] = plain(change[image])
        return {
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.region,
            "dynamodb": change,
            "eventSourceARN": self.mapping["EventSourceArn"],
        }

    def passes(self, record):
        filters = self.mapping.get("FilterCriteria", {}).get("Filters", [])
        return not filters or any(matches(json.loads(one["Pattern"]), record) for one in filters)

    # --- Events and the schedule ---------------------------------------------------------

    def listen(self, bus):
        """Hears what the rules of a bus would deliver: a queue beside each rule's target."""
        self.heard = {}
        for rule in self.events.list_rules(EventBusName=bus)["Rules"]:
            targets = self.events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
            functions = [one["Arn"] for one in targets if ":function:" in one["Arn"]]
            if not functions:
                continue
            queue = self.sqs.create_queue(QueueName=f"heard-{rule['Name']}")["QueueUrl"]
            arn = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
            self.events.put_targets(
                Rule=rule["Name"],
                EventBusName=bus,
                Targets=[{"Id": "heard", "Arn": arn["Attributes"]["QueueArn"]}],
            )
            self.heard[queue] = [self.function_of(one) for one in functions]

    def hear_no_more(self, bus):
        """A rule with a target that isn't Terraform's couldn't be destroyed."""
        for rule in self.events.list_rules(EventBusName=bus)["Rules"]:
            targets = self.events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
            if any(one["Id"] == "heard" for one in targets):
                self.events.remove_targets(Rule=rule["Name"], EventBusName=bus, Ids=["heard"])

    def deliver_events(self):
        """Gives the functions what the rules let pass."""
        delivered = 0
        for queue, functions in self.heard.items():
            while True:
                messages = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
                for message in messages.get("Messages", []):
                    self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                    for function in functions:
                        self.invoke(function, json.loads(message["Body"]))
                        delivered += 1
                if not messages.get("Messages"):
                    break
        return delivered

    def emit(self, event):
        """An event of AWS's own on the default bus: given to the functions of its rules."""
        taken = []
        for rule in self.events.list_rules()["Rules"]:
            pattern = json.loads(rule.get("EventPattern", "null"))
            if pattern is None or not matches(pattern, event):
                continue
            for target in self.events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                function = self.function_of(target["Arn"])
                self.invoke(function, event)
                taken.append(function)
        return taken

    def hour(self):
        """What the schedules give their functions, with the time put in as the Scheduler does."""
        now = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
        events = {}
        for listed in self.scheduler.list_schedules()["Schedules"]:
            schedule = self.scheduler.get_schedule(Name=listed["Name"])
            assert schedule["State"] == "ENABLED", schedule
            assert schedule["ScheduleExpression"] == "cron(0 * * * ? *)", schedule
            target = schedule["Target"]
            event = json.loads(target["Input"].replace("<aws.scheduler.scheduled-time>", now))
            events[self.function_of(target["Arn"])] = event
        return events

    def an_hour_passes(self):
        """Starts whom the hour starts, one after the other: their names."""
        events = self.hour()
        for function, event in events.items():
            self.invoke(function, event)
        return set(events)

    # --- Mail ----------------------------------------------------------------------------

    def mailbox(self):
        """What SES took."""
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=30) as answer:
            return json.load(answer)["ses"].get("Message", [])


def plain(image):
    """Attributes as JSON holds them: bytes as base64."""

    def one(value):
        [(kind, content)] = value.items()
        if kind == "B":
            content = base64.b64encode(content).decode()
        elif kind == "M":
            content = plain(content)
        elif kind == "L":
            content = [one(item) for item in content]
        return {kind: content}

    return {name: one(value) for name, value in image.items()}


def matches(pattern, event):
    """EventBridge's patterns, as far as the deployment's rules use them."""
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(one, event) for one in wanted):
                return False
            continue
        found = event.get(key) if isinstance(event, dict) else None
        if isinstance(wanted, dict):
            if not matches(wanted, found):
                return False
        else:
            values = found if isinstance(found, list) else [found]
            if not any(allows(rule, value) for rule in wanted for value in values):
                return False
    return True


def allows(rule, value):
    if not isinstance(rule, dict):
        return rule == value
    [(kind, wanted)] = rule.items()
    if kind == "prefix":
        return isinstance(value, str) and value.startswith(wanted)
    if kind == "exists":
        return (value is not None) == wanted
    if kind == "anything-but":
        unwanted = wanted if isinstance(wanted, list) else [wanted]
        if isinstance(wanted, dict):
            return not allows(wanted, value)
        return value not in unwanted
    if kind == "wildcard":
        return isinstance(value, str) and re.fullmatch(re.escape(wanted).replace(r"\*", ".*"), value) is not None
    raise AssertionError(f"a pattern this suite doesn't know: {rule}")
