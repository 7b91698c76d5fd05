"""What time brings to a shop: an hour with its two nights, as the schedules begin them.

Time can't be put forward here, so what is due today comes from the past: somebody whose last
purchase was as many days ago as the program lets her stay away, and whose birthday is today.
"""

import datetime
import json
import os
import time

import surveys
from cold_start import BY_LAMBDA, start
from samples import API, SHOP, bought_by, settle, settle_within_the_hour, timestamp

NIGHTS = ["reengagement-scan", "tier-recalculation"]
# Seconds in which no night begins anything (each one's main.rs).
LITTLE_TIME = 20
# As in the program that the suite applies.
AWAY_DAYS = 30
BIRTHDAY_GIFT = 100
ABSENT = "frieda.holm@example.org"
OWNER = "owner@corner-bakery.example"


def today():
    """The shop's day: the suite keeps its clock at early afternoon."""
    behind = datetime.timedelta(hours=int(os.environ["HOURS_BEHIND_UTC"]))
    return (datetime.datetime.now(datetime.timezone.utc) - behind).date()


def somebody_stays_away(stack):
    """A customer who agreed to mail, bought once and wasn't seen again: her id."""
    customer = bought_by(stack, 5, 55, "Frieda", ABSENT, time.time() - AWAY_DAYS * 24 * 3600)
    stack.post(f"{API}/customers/{customer}/birthday", {"birthday": today().strftime("%m-%d")})
    settle(stack)
    return customer


def mail_went_live_yesterday(stack):
    """Nothing of a night that began before mail did is told, and here mail began just now."""
    stack.dynamodb.update_item(
        TableName=stack.record["table"],
        Key={"pk": {"S": f"SHOP#{SHOP}"}, "sk": {"S": "STATUS"}},
        UpdateExpression="SET live_since = :since",
        ConditionExpression="attribute_exists(live_since)",
        ExpressionAttributeValues={":since": {"S": timestamp(time.time() - 30 * 3600)}},
    )


def timed(stack, function, functions, environments):
    """How a function is run that minds the time it has left, which cargo lambda doesn't tell:
    with the event, for so many seconds or as long as Lambda would let it."""
    lines = (environments / f"{function}.env").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines) | BY_LAMBDA
    deployed = stack.record["functions"][function]
    whole = stack.lambdas.get_function_configuration(FunctionName=deployed)["Timeout"]

    def run(event, seconds=whole):
        start(functions / function / "bootstrap", environment, json.dumps(event).encode(), seconds)

    return run


def hands_over(stack, function):
    """An hour begins in a function that has no time left: what it began goes on by itself."""
    stack.timed[function](stack.hour()[function], LITTLE_TIME)
    delivered = stack.deliver_events()
    assert delivered == 1, f"{function} went on {delivered} times"
    assert stack.last[function]["detail"] == {"function": function, "shop": SHOP}, stack.last


def the_owner_looks_ahead(stack):
    """What both nights would do is asked of the API, which writes nothing."""
    for function in NIGHTS:
        told = stack.post(f"{API}/jobs/{function}?date={today()}&dry_run=true", {})
        assert told["date"] == str(today()), told


def the_owner_agrees(stack, kind):
    """The owner lets all letters of a kind go."""
    told = stack.post(f"{API}/approvals/{today()}.{kind}", {"approve": "all"})
    assert (told["released"], told["settled"]) == (1, True), told


def a_gift_comes_and_letters_wait(stack, absent, points, mails):
    """The gift is hers whatever becomes of letters, and those wait: mail is live for a day."""
    assert stack.get(absent)["points"]["available"] == points + BIRTHDAY_GIFT, stack.get(absent)
    decided = stack.get(f"{absent}/messages")["decisions"]
    found = {one["kind"]: one["date"] for one in decided if one["outcome"] == "awaiting"}
    assert found == {"birthday": str(today()), "win-back": str(today())}, decided
    assert len(stack.mailbox()) == mails, "a letter didn't wait for the owner"


def a_letter_goes_once_the_owner_agrees(stack, absent, points, mails):
    """At once. The night isn't begun again with the next hour."""
    the_owner_agrees(stack, "win-back")
    assert stack.an_hour_passes() == {"mailer", *NIGHTS}
    settle(stack)
    [told] = [one for one in stack.get(f"{absent}/messages")["messages"] if "win-back" in one["kinds"]]
    assert (told["kinds"], told["state"]) == (["win-back"], "sent"), told
    assert len(stack.mailbox()) == mails + 1, [mail["subject"] for mail in stack.mailbox()]
    assert stack.mailbox()[-1]["destinations"]["ToAddresses"] == [ABSENT], stack.mailbox()[-1]
    assert stack.get(absent)["points"]["available"] == points + BIRTHDAY_GIFT, "the gift came twice"


def a_missed_sale_is_found(stack, mails):
    """Square was asked, and has a sale that no webhook told. It is points, and no mail."""
    [night] = stack.get(f"{API}/reconciliations")["nights"]
    sources = {one["source"]: one for one in night["sources"]}
    square = sources["square"]
    assert (square["outcome"], square["missed"]["count"]) == ("done", 1), night
    assert sources["shopify"]["outcome"] == "no_token", night
    [missed] = square["missed"]["orders"]
    sale = stack.get(f"{API}/orders/square/{missed['id']}")
    assert sale["posted"] > 0, sale
    stack.an_hour_passes()
    settle(stack)
    assert len(stack.mailbox()) == mails + 1, "a missed sale was told by mail"
    return square["summary"]


def pass_by(stack, functions, environments):
    """The nights of today, in invocations too short for them and then in whole ones; what
    they found, in words."""
    absent = f"{API}/customers/{somebody_stays_away(stack)}"
    asked = surveys.somebody_may_be_asked(stack)
    mail_went_live_yesterday(stack)
    points, mails = stack.get(absent)["points"]["available"], len(stack.mailbox())
    the_owner_looks_ahead(stack)
    for function in NIGHTS:
        stack.timed[function] = timed(stack, function, functions, environments)
        hands_over(stack, function)
    settle(stack)
    a_gift_comes_and_letters_wait(stack, absent, points, mails)
    a_letter_goes_once_the_owner_agrees(stack, absent, points, mails)
    found = a_missed_sale_is_found(stack, mails)
    the_owner_agrees(stack, "survey")
    settle_within_the_hour(stack)
    answered = surveys.an_answer_reaches_a_person(stack, asked, OWNER)
    return f"nights in two parts; {BIRTHDAY_GIFT} points on a birthday; a letter once the owner agreed; {found}; {answered}"
