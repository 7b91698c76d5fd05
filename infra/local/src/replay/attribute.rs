//! Attributes as JSON, the way that Lambda hands them over.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// The table and its stream have types of their own for the same attributes.
macro_rules! attribute_to_json {
    ($name:ident, $attribute:ty) => {
        /// An attribute as JSON; one of a type newer than we are as NULL.
        pub(super) fn $name(attribute: &$attribute) -> Value {
            type Attribute = $attribute;
            let encoded = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
            match attribute {
                Attribute::S(text) => json!({ "S": text }),
                Attribute::N(number) => json!({ "N": number }),
                Attribute::B(bytes) => json!({ "B": encoded(bytes.as_ref()) }),
                Attribute::Bool(yes) => json!({ "BOOL": yes }),
                Attribute::Ss(texts) => json!({ "SS": texts }),
                Attribute::Ns(numbers) => json!({ "NS": numbers }),
                Attribute::Bs(all) => {
                    let all: Vec<String> = all.iter().map(|one| encoded(one.as_ref())).collect();
                    json!({ "BS": all })
                }
                Attribute::L(list) => {
                    let list: Vec<Value> = list.iter().map($name).collect();
                    json!({ "L": list })
                }
                Attribute::M(map) => {
                    let map: Map<String, Value> =
                        map.iter().map(|(key, one)| (key.clone(), $name(one))).collect();
                    json!({ "M": map })
                }
                _ => json!({ "NULL": true }),
            }
        }
    };
}

attribute_to_json!(of_table, aws_sdk_dynamodb::types::AttributeValue);
attribute_to_json!(of_stream, aws_sdk_dynamodbstreams::types::AttributeValue);

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    #[test]
    fn an_item_becomes_json_as_lambda_has_it() {
        let map = AttributeValue::M(
            [
                ("n".to_owned(), AttributeValue::N("1.50".to_owned())),
                ("z".to_owned(), AttributeValue::B(vec![1, 2, 255].into())),
                ("l".to_owned(), AttributeValue::L(vec![AttributeValue::Bool(true)])),
                ("s".to_owned(), AttributeValue::Ss(vec!["a".to_owned()])),
                ("0".to_owned(), AttributeValue::Null(true)),
            ]
            .into(),
        );
        assert_eq!(
            of_table(&map),
            json!({"M": {
                "n": {"N": "1.50"}, "z": {"B": "AQL/"}, "l": {"L": [{"BOOL": true}]},
                "s": {"SS": ["a"]}, "0": {"NULL": true},
            }})
        );
    }
}
