"""A customer's and her shop's time with a deployment, through the doors that AWS would open.

    journey.py STACK PORTS EVENTS FUNCTIONS ENVIRONMENTS

PORTS names each function's port: `purchase-webhook=9001,mailer=9002,…`. The shop
`corner-bakery` has its program and its mail is live. The last event each function got is
left in the folder EVENTS. FUNCTIONS has each function's binary, and ENVIRONMENTS its
variables, for those that are started with little time.
"""

import base64
import json
import pathlib
import re
import sys
import time

import nights
from aws import Stack
from samples import API, SHOP, TIME, order, sample, settle


def feedback(stack, kind, mail, **detail):
    """An event of SES's about a mail, as its configuration set sends it."""
    event = sample(f"mail-feedback/{kind}.json")
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    event = json.loads(TIME.sub(now, json.dumps(event)))
    event["resources"] = [f"arn:aws:ses:{stack.region}:{stack.record['account']}:configuration-set/{stack.name}-{SHOP}"]
    event["detail"]["mail"].update(mail)
    event["detail"]["mail"]["tags"]["ses:configuration-set"] = [f"{stack.name}-{SHOP}"]
    for key, value in detail.items():
        event["detail"][key].update(value)
    return event


def tags_of(customer, message):
    """As the mailer tags its mail; moto keeps no tags."""
    trigger = base64.urlsafe_b64encode(message["trigger"].encode()).decode().rstrip("=")
    return {"shop": [SHOP], "customer": [customer], "message": [message["id"]], "trigger": [trigger]}


def links(mail, door):
    return re.findall(rf'href="(https://[^"]*/{door}/[^"]*)"', mail["body"])


def sender_is_checked(stack):
    """What `regulars doctor` keeps once it found the sender in order: neither the world's DNS
    nor a verified domain can be had here."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    stack.dynamodb.update_item(
        TableName=stack.record["table"],
        Key={"pk": {"S": f"SHOP#{SHOP}"}, "sk": {"S": "SETTINGS#MAIL"}},
        UpdateExpression="SET checked = :checked",
        ExpressionAttributeValues={
            ":checked": {"M": {"at": {"S": now}, "domain": {"S": stack.record["shops"][SHOP]["mail_domain"]}}}
        },
    )


def main():
    name, ports, events, functions, environments = sys.argv[1:]
    stack = Stack(name, dict(one.split("=") for one in ports.split(",")))
    for secret in ["api", f"{SHOP}/shopify"]:
        path = f"{stack.record['secrets_path']}/{secret}"
        value = stack.ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
        stack.secrets[secret] = value.split(",")[0]
    sender_is_checked(stack)
    stack.open_stream()
    stack.listen(stack.record["bus"])

    # Whoever can't sign changes nothing, and finds nothing out.
    for shop in [SHOP, "no-such-shop"]:
        for source in ["shopify", "square"]:
            status, _, _ = stack.request("POST", f"/webhooks/{source}/{shop}", {}, b"{}")
            assert status == 401, f"an unsigned webhook of {source} for {shop} was answered {status}"
    assert stack.webhook(SHOP, "orders/paid", order(1), secret="another") == 401
    assert stack.request("GET", f"{API}/mail-mode")[0] == 401
    assert stack.request("GET", "/wp-login.php")[0] == 404
    assert stack.request("GET", "/u/forged")[0] == 404
    settle(stack)
    assert stack.mailbox() == []

    # A purchase, told twice, is points once and a mail.
    imogen = order(1)
    email = imogen["email"]
    for _ in range(2):
        assert stack.webhook(SHOP, "orders/paid", imogen) == 200
    stored = stack.get(f"{API}/orders/shopify/1")
    customer = f"{API}/customers/{stored['customer']}"
    points = stack.get(customer)["points"]
    assert stored["posted"] > 0 and points["lifetime_earned"] == stored["posted"], (points, stored)
    settle(stack)
    mails = stack.mailbox()
    assert [mail["destinations"]["ToAddresses"] for mail in mails] == [[email]], mails
    assert f"{stored['posted']} points" in mails[0]["subject"], mails[0]["subject"]
    [message] = stack.get(f"{customer}/messages")["messages"]
    assert message["state"] == "sent", message

    # What SES tells of it arrives at its message.
    about = {"messageId": mails[0]["id"], "destination": [email]}
    tags = tags_of(stored["customer"], message)
    for kind in ["send", "delivery"]:
        event = feedback(stack, kind, about)
        event["detail"]["mail"]["tags"].update(tags)
        assert stack.emit(event) == ["mail-feedback"], f"no rule takes {kind}"
    [message] = stack.get(f"{customer}/messages")["messages"]
    assert message["delivered_at"], message
    foreign = feedback(stack, "delivery", about)
    foreign["resources"] = ["arn:aws:ses:us-east-1:123456789012:configuration-set/newsletter"]
    foreign["detail"]["mail"]["tags"]["ses:configuration-set"] = ["newsletter"]
    assert stack.emit(foreign) == [], "another sender's events start our functions"

    # The links in the mail open her pages, and one press ends mail like it.
    [why, *_], [stop, *_] = links(mails[0], "why"), links(mails[0], "u")
    own = stack.record["shops"][SHOP]["link_url"]
    assert own and why.startswith(own) and stop.startswith(own), f"{why}, {stop}: not by {own}"
    assert stack.request("GET", why)[0] == 200
    assert stack.request("GET", stop)[0] == 200
    form = {"content-type": "application/x-www-form-urlencoded"}
    status, _, page = stack.request("POST", stop, form, b"List-Unsubscribe=One-Click")
    assert status == 200, page
    settle(stack)
    assert stack.webhook(SHOP, "orders/paid", order(2)) == 200
    settle(stack)
    assert len(stack.mailbox()) == 1, "mail went out after she had stopped it"

    # Another record of hers, made one with the first by the owner: what it still tells is hers.
    body = json.loads(sample("purchase-webhook/shopify-customers-create.json")["body"])
    body["id"], body["email"] = 99, "imogen@work.example"
    assert stack.webhook(SHOP, "customers/create", body) == 200
    other = {**imogen["customer"], "id": 99, "email": body["email"]}
    second = order(3, customer=other, email=body["email"], contact_email=body["email"], phone=None)
    assert stack.webhook(SHOP, "orders/paid", second) == 200
    settle(stack)
    assert len(stack.mailbox()) == 2, [mail["subject"] for mail in stack.mailbox()]
    latest = stack.mailbox()[-1]
    theirs = stack.get(f"{API}/orders/shopify/3")["customer"]
    [about_theirs] = stack.get(f"{API}/customers/{theirs}/messages")["messages"]
    assert stack.get(f"{API}/merge-candidates") is not None
    stack.post(f"{customer}/merge", {"other": theirs})
    [stop_theirs, *_] = links(latest, "u")
    status, _, page = stack.request("POST", stop_theirs, form, b"List-Unsubscribe=One-Click")
    assert status == 200, page
    consent = json.loads(sample("purchase-webhook/shopify-customers-email-marketing-consent-update.json")["body"])
    consent["customer_id"], consent["email_address"] = 99, body["email"]
    assert stack.webhook(SHOP, "customers_email_marketing_consent/update", consent) == 200
    complaint = feedback(stack, "complaint", {"messageId": latest["id"], "destination": [body["email"]]})
    complaint["detail"]["mail"]["tags"].update(tags_of(theirs, about_theirs))
    complaint["detail"]["complaint"]["complainedRecipients"][0]["emailAddress"] = body["email"]
    assert stack.emit(complaint) == ["mail-feedback"]
    settle(stack)

    # A third record, which Shopify itself makes one with the first.
    third = {**imogen["customer"], "id": 77, "email": "vale@example.net"}
    assert stack.webhook(SHOP, "orders/paid", order(4, customer=third, email=third["email"], phone=None)) == 200
    merged = {
        **json.loads(sample("purchase-webhook/shopify-customers-merge.json")["body"]),
        "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{imogen['customer']['id']}",
        "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/77",
    }
    assert stack.webhook(SHOP, "customers/merge", merged) == 200
    assert stack.get(customer)["points"]["lifetime_earned"] == 4 * stored["posted"], stack.get(customer)
    settle(stack)

    # The hour's work, and the nights that begin with it.
    found = nights.pass_by(stack, pathlib.Path(functions), pathlib.Path(environments))

    # What went wrong for good is told to the owner.
    bounced = feedback(stack, "bounce-permanent", about)
    bounced["detail"]["mail"]["tags"].update(tags)
    bounced["detail"]["bounce"]["bouncedRecipients"][0]["emailAddress"] = email
    assert stack.emit(bounced) == ["mail-feedback"]
    told = stack.get(customer)
    assert "bounce" in json.dumps(told), told
    assert stack.request("GET", why)[0] == 200
    stack.hear_no_more(stack.record["bus"])
    for function, event in stack.last.items():
        pathlib.Path(events, f"{function}.json").write_text(json.dumps(event))
    print(f"{stored['posted']} points for an order told twice; a mail, delivered, stopped by a press, bounced")
    print(found)


if __name__ == "__main__":
    main()
