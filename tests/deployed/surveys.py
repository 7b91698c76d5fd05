"""A question about an order: asked by mail, answered with a low score, looked after by the owner.

The night that finds whom to ask is the mail night of `nights`.
"""

import re
import time
import urllib.parse

from samples import API, bought_by, settle_within_the_hour

# As in the program that the suite applies.
ASKED_AFTER_DAYS = 3
ASKED = "greta.lund@example.org"
GOODWILL = 200
FORM = {"content-type": "application/x-www-form-urlencoded"}


def somebody_may_be_asked(stack):
    """A customer who agreed to mail and bought three days ago: her path in the API."""
    then = time.time() - ASKED_AFTER_DAYS * 24 * 3600
    return f"{API}/customers/{bought_by(stack, 6, 66, 'Greta', ASKED, then)}"


def scores_of(mail):
    """Where each score of a mail leads, by its score."""
    found = re.findall(r'href="(https://[^"]*/s/[^"?]*)\?score=(\d+)"', mail["body"])
    return {int(score): url for url, score in found}


def to(mails, address):
    return [mail for mail in mails if mail["destinations"]["ToAddresses"] == [address]]


def follow_ups(stack, state):
    return stack.get(f"{API}/follow-ups?state={state}")["follow_ups"]


def an_answer_reaches_a_person(stack, asked, owner):
    """She taps, looks, and sends a low score; the owner is told, makes it good and closes it."""
    [mail] = to(stack.mailbox(), ASKED)
    scores = scores_of(mail)
    assert sorted(scores) == [1, 2, 3, 4, 5], scores
    # Whoever only looks, a scanner of mail too, records nothing.
    for score, url in scores.items():
        status, _, page = stack.request("GET", f"{url}?score={score}")
        assert status == 200 and "<form" in page, page
    assert follow_ups(stack, "open") == []
    points = stack.get(asked)["points"]["available"]
    words = urllib.parse.urlencode({"score": "2", "comment": "The loaf was dry.", "answer_by": "mail"})
    status, _, page = stack.request("POST", scores[2], FORM, words.encode())
    assert status in (200, 303), (status, page)
    settle_within_the_hour(stack)
    [alert] = to(stack.mailbox(), owner)
    assert "2" in alert["subject"], alert["subject"]
    [open_one] = follow_ups(stack, "open")
    one = f"{API}/follow-ups/{open_one['id']}"
    assert "The loaf was dry." in str(stack.get(one)), stack.get(one)
    stack.post(one, {"answer": {"text": "I am sorry. Come by, the next one is on us."}})
    settle_within_the_hour(stack)
    assert len(to(stack.mailbox(), ASKED)) == 2, [mail["subject"] for mail in stack.mailbox()]
    stack.post(one, {"goodwill": {"points": GOODWILL, "words": "For the dry loaf"}, "close": True})
    assert stack.get(asked)["points"]["available"] == points + GOODWILL, stack.get(asked)
    assert follow_ups(stack, "open") == []
    # Somebody at the counter says how it was, too.
    path = f"/f/{API.rsplit('/', 1)[-1]}"
    assert stack.request("GET", path)[0] == 200
    assert stack.request("POST", path, FORM, b"score=5")[0] in (200, 303)
    results = stack.get(f"{API}/surveys/results")
    assert results, results
    return f"a 2 of 5 answered, {GOODWILL} points of goodwill"
