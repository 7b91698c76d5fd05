"""The shop of the journey, and what its sources tell: the samples of events/, as of now."""

import json
import pathlib
import re
import time

SHOP = "corner-bakery"
API = f"/api/v1/shops/{SHOP}"
EVENTS = pathlib.Path(__file__).parents[2] / "events"
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def sample(path):
    return json.loads((EVENTS / path).read_text())


def timestamp(at=None):
    """A time in seconds as sources write it; now, if none is said."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def body(path, at=None):
    """What a webhook's sample says, as if it had come at a time, or now."""
    return json.loads(TIME.sub(timestamp(at), sample(path)["body"]))


def order(number, at=None, **changed):
    """An order of Imogen Vale's, paid at a time, or just now."""
    paid = body("purchase-webhook/shopify-orders-paid.json", at)
    return {**paid, "id": number, "admin_graphql_api_id": f"gid://shopify/Order/{number}", **changed}


def bought_by(stack, number, shopify_id, name, email, at):
    """Somebody new who agreed to mail and paid an order at a time: her id."""
    paid = order(number, at, email=email, contact_email=email, phone=None)
    paid["customer"] |= {"id": shopify_id, "email": email, "first_name": name, "phone": None}
    for address in ("billing_address", "shipping_address"):
        paid[address] = None
    paid["customer"].pop("default_address")
    assert stack.webhook(SHOP, "orders/paid", paid) == 200
    consent = body("purchase-webhook/shopify-customers-email-marketing-consent-update.json")
    consent |= {"customer_id": shopify_id, "email_address": email}
    assert stack.webhook(SHOP, "customers_email_marketing_consent/update", consent) == 200
    return stack.get(f"{API}/orders/shopify/{number}")["customer"]


def settle_within_the_hour(stack):
    """The same with an hour's schedule: a drain that wasn't woken at once comes with it."""
    settle(stack)
    stack.an_hour_passes()
    settle(stack)


def settle(stack):
    """Until nothing moves any more: the stream to the mailer, the bus's events to theirs."""
    for _ in range(20):
        if not stack.deliver_stream() + stack.deliver_events():
            return
    raise AssertionError("the stream and the bus keep each other busy for ever")
