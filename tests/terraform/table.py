"""Compares the table that Terraform made with what the code expects.

`terraform show -json | python table.py EXPECTED.json`, where EXPECTED.json is what
`cargo run -p platform --example table` prints. Takes a state or a saved plan.
"""

import json
import sys


def tables(module):
    for resource in module.get("resources", []):
        if resource["type"] == "aws_dynamodb_table":
            yield resource["values"]
    for child in module.get("child_modules", []):
        yield from tables(child)


shown = json.load(sys.stdin)
with open(sys.argv[1]) as file:
    expected = json.load(file)
values = shown.get("planned_values") or shown["values"]
found = list(tables(values["root_module"]))
assert len(found) == 1, f"there is one table, not {len(found)}"
[table] = found

problems = []


def is_as_expected(what, found, wanted):
    if found != wanted:
        problems.append(f"{what}: Terraform has {found}, the code expects {wanted}")


is_as_expected("partition key", table["hash_key"], expected["partition"])
is_as_expected("sort key", table["range_key"], expected["sort"])
is_as_expected(
    "key attributes",
    sorted((one["name"], one["type"]) for one in table["attribute"]),
    sorted((name, "S") for name in expected["key_attributes"]),
)
is_as_expected(
    "indexes",
    sorted(
        (one["name"], one["hash_key"], one["range_key"], one["projection_type"])
        for one in table["global_secondary_index"]
    ),
    sorted(
        (one["name"], one["partition"], one["sort"], "KEYS_ONLY") for one in expected["indexes"]
    ),
)
is_as_expected("local indexes", table.get("local_secondary_index") or [], [])
is_as_expected("billing", table["billing_mode"], "PAY_PER_REQUEST")
is_as_expected(
    "stream", (table["stream_enabled"], table["stream_view_type"]), (True, "NEW_AND_OLD_IMAGES")
)
is_as_expected(
    "expiry",
    [(one["attribute_name"], one["enabled"]) for one in table["ttl"]],
    [(expected["expires_at"], True)],
)
if problems:
    sys.exit("FAILED: the table isn't what the code expects: " + "; ".join(problems))
print(f"the table is what the code expects: {len(expected['indexes'])} indexes, stream, expiry")
