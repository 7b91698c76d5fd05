"""Stands between the functions and AWS, and writes down what each of them calls.

    recorder.py PORT UPSTREAM CALLS

Who calls is told by the access key, which the suite gives each function as its name.
A line of JSON a call: the function, the action as IAM names it, and its resource; a
transaction is the actions of its parts, as IAM sees it.
"""

import http.client
import json
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
ACCOUNT = "123456789012"
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def dynamodb(region, operation, body):
    def table(request, index=None):
        arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{request['TableName']}"
        return f"{arn}/index/{index}" if index else arn

    if operation == "TransactWriteItems":
        for item in body["TransactItems"]:
            [(part, request)] = item.items()
            yield f"dynamodb:{PARTS[part]}", table(request)
    elif operation == "TransactGetItems":
        for item in body["TransactItems"]:
            yield "dynamodb:GetItem", table(item["Get"])
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for name in body["RequestItems"]:
            yield f"dynamodb:{operation}", table({"TableName": name})
    else:
        yield f"dynamodb:{operation}", table(body, body.get("IndexName"))


def calls(service, region, target, path, body):
    """The actions and resources of one request."""
    operation = target.rpartition(".")[2]
    if service == "dynamodb":
        yield from dynamodb(region, operation, body)
    elif service == "ssm":
        yield f"ssm:{operation}", f"arn:aws:ssm:{region}:{ACCOUNT}:parameter{body['Path']}"
        if body.get("WithDecryption"):
            yield "kms:Decrypt", "aws/ssm"
    elif service == "events":
        for entry in body["Entries"]:
            yield "events:PutEvents", f"arn:aws:events:{region}:{ACCOUNT}:event-bus/{entry['EventBusName']}"
    elif service == "ses":
        if path == "/v2/email/account":
            yield "ses:GetAccount", "*"
            return
        if path != "/v2/email/outbound-emails":
            raise ValueError(f"a call of SES at {path}")
        domain = re.search(r"@([^>]+)>?$", body["FromEmailAddress"]).group(1)
        ses = f"arn:aws:ses:{region}:{ACCOUNT}"
        context = {"ses:FromAddress": re.search(r"([^ <]+@[^>]+)>?$", body["FromEmailAddress"]).group(1)}
        yield "ses:SendEmail", f"{ses}:identity/{domain}", context
        if "ConfigurationSetName" in body:
            yield "ses:SendEmail", f"{ses}:configuration-set/{body['ConfigurationSetName']}", context
    else:
        raise ValueError(f"a call of {service}")


def recorder(upstream, path):
    upstream = urllib.parse.urlsplit(upstream)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def record(self, body):
            function, region, service = CREDENTIAL.search(self.headers["Authorization"]).groups()
            target = self.headers.get("X-Amz-Target", "")
            try:
                found = list(calls(service, region, target, self.path, json.loads(body or b"{}")))
            except (KeyError, ValueError) as error:
                found = [(f"{service}:unreadable", f"{target} {self.path}: {error!r}")]
            lines = [
                json.dumps({"function": function, "action": action, "resource": resource, "context": dict(*context)})
                for action, resource, *context in found
            ]
            with lock, open(path, "a") as file:
                file.writelines(line + "\n" for line in lines)

        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.record(body)
            connection = http.client.HTTPConnection(upstream.netloc, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            # What stands behind tells services apart by the host, where nothing else does.
            connection.request(self.command, self.path, body, {**headers, "Host": upstream.netloc})
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = forward

    return Handler


if __name__ == "__main__":
    port, upstream, path = sys.argv[1:]
    ThreadingHTTPServer(("127.0.0.1", int(port)), recorder(upstream, path)).serve_forever()
