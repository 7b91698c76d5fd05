//! Prints the table as the code expects it, as JSON: `cargo run -p platform --example table`.
//! The suite `terraform` of `tests/run` compares Terraform's with it.

use std::io::{self, Write};

use platform::store::table::{EXPIRES_AT, INDEXES, PK, SK, key_attributes};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let indexes = INDEXES.map(
        |index| json!({ "name": index.name, "partition": index.partition, "sort": index.sort }),
    );
    let table = json!({
        "partition": PK,
        "sort": SK,
        "key_attributes": key_attributes(),
        "expires_at": EXPIRES_AT,
        "indexes": Value::from_iter(indexes),
    });
    writeln!(io::stdout(), "{table}")
}
