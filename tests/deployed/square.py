"""A Square with one sale that nobody told us of: `square.py PORT`.

It answers, to the token TOKEN alone, what the nightly comparison asks: places, payments and
refunds that changed in a span of time, and customers. The sale is the sample's, an hour old:
what is younger than a quarter of one may still be told by its webhook.
"""

import json
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from samples import body

TOKEN = "a-token"


def sale():
    told = body("purchase-webhook/square-payment-updated-customer-filled-late.json", time.time() - 3600)
    return told["data"]["object"]["payment"]


class Square(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    payment = sale()

    def log_message(self, *_):
        pass

    def answer(self):
        parts = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(parts.query))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]}
        if parts.path == "/v2/locations":
            return 200, {"locations": [{"id": self.payment["location_id"], "status": "ACTIVE"}]}
        if parts.path == "/v2/payments":
            span = asked["updated_at_begin_time"], asked["updated_at_end_time"]
            here = asked["location_id"] == self.payment["location_id"]
            changed = here and span[0] <= self.payment["updated_at"] <= span[1]
            return 200, {"payments": [self.payment] if changed else []}
        if parts.path == "/v2/refunds":
            return 200, {}
        customer = body("purchase-webhook/square-customer-created.json")["data"]["object"]["customer"]
        if parts.path == f"/v2/customers/{customer['id']}":
            return 200, {"customer": customer}
        return 404, {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND"}]}

    def do_GET(self):
        status, told = self.answer()
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Square).serve_forever()
