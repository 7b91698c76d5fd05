//! Secrets of a deployment, by SSM's own protocol.

use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::MockServer;

use super::command::told;
use crate::cli::{SecretsArgs, SecretsCommand};
use crate::failure::Failure;
use crate::stack::tests::{answer, asked, aws, environment, refuse, regulars};

const PATH: &str = "/regulars/regulars/secrets";

/// An AWS with these secrets.
async fn with(secrets: &[(&str, &str)]) -> MockServer {
    let aws = aws().await;
    let one = |(name, value): &(&str, &str)| {
        json!({
            "Name": format!("{PATH}/{name}"), "Type": "SecureString", "Value": value,
            "LastModifiedDate": 1_795_348_800.25,
        })
    };
    let parameters: Vec<Value> = secrets.iter().map(one).collect();
    answer(&aws, "AmazonSSM.GetParametersByPath", json!({ "Parameters": parameters })).await;
    answer(&aws, "AmazonSSM.PutParameter", json!({ "Version": 1, "Tier": "Standard" })).await;
    aws
}

async fn run(aws: &MockServer, command: SecretsCommand, typed: &str) -> Result<String, String> {
    let args = SecretsArgs { command, stack: regulars(), shop: None };
    let ask = |_: &str| Ok::<_, Failure>(SecretString::from(typed));
    let told = told(&args, &environment(aws), &ask).await.map_err(|failure| failure.to_string());
    // Whatever is typed, it isn't shown.
    let shown = told.as_ref().unwrap_or_else(|failure| failure);
    assert!(typed.len() < 4 || !shown.contains(typed), "{shown}");
    told
}

fn set(name: &str) -> SecretsCommand {
    SecretsCommand::Set { name: Some(name.parse().unwrap()) }
}

fn rotate(name: &str, end: bool) -> SecretsCommand {
    SecretsCommand::Rotate { name: name.parse().unwrap(), end }
}

/// What was put.
async fn puts(aws: &MockServer) -> Vec<Value> {
    asked(aws, "AmazonSSM.PutParameter").await
}

#[tokio::test]
async fn what_can_be_made_is_made_and_the_rest_is_said_with_its_place() {
    let aws = with(&[("api", "token"), ("corner-bakery/shopify", "hush")]).await;
    let told = run(&aws, SecretsCommand::Set { name: None }, "").await.unwrap();
    insta::assert_snapshot!(told);
    let puts = puts(&aws).await;
    let names: Vec<_> = puts.iter().map(|put| put["Name"].as_str().unwrap()).collect();
    assert_eq!(names, [format!("{PATH}/identity"), format!("{PATH}/links")]);
    for put in puts {
        assert_eq!(put["Type"], "SecureString");
        assert_eq!(put["Overwrite"], false, "somebody else's key mustn't be lost");
        assert_eq!(put["Value"].as_str().unwrap().len(), 64);
    }
}

#[tokio::test]
async fn a_secret_that_is_typed_is_kept_and_not_shown() {
    let aws = with(&[]).await;
    let told = run(&aws, set("corner-bakery/shopify"), "  hush-hush ").await.unwrap();
    assert!(told.starts_with("corner-bakery/shopify is set, 1 value. "), "{told}");
    let put = puts(&aws).await.remove(0);
    assert_eq!((&put["Value"], &put["Overwrite"]), (&json!("hush-hush"), &json!(true)));
}

#[tokio::test]
async fn the_list_tells_names_numbers_and_times_alone() {
    let aws = with(&[("api", "new,old"), ("corner-bakery/shopify", "hush")]).await;
    assert_eq!(
        run(&aws, SecretsCommand::List, "").await.unwrap(),
        "api                    2 values, changed 2026-11-22 12:00 UTC\n\
         corner-bakery/shopify  1 value, changed 2026-11-22 12:00 UTC"
    );
}

#[tokio::test]
async fn a_rotation_overlaps_until_it_is_ended() {
    let aws = with(&[("corner-bakery/shopify", "old"), ("api", "new,old")]).await;
    let told = run(&aws, rotate("corner-bakery/shopify", false), "newer").await.unwrap();
    assert!(told.contains("2 values"), "{told}");
    assert!(told.contains("`regulars secrets rotate corner-bakery/shopify --end`"), "{told}");
    let same = run(&aws, rotate("corner-bakery/shopify", false), "old").await.unwrap_err();
    assert!(same.contains("has this value already"), "{same}");
    let ended = run(&aws, rotate("api", true), "").await.unwrap();
    assert_eq!(ended, "api has its newest value alone; 1 value dropped.");
    run(&aws, rotate("corner-bakery/shopify", true), "").await.unwrap();
    let puts = puts(&aws).await;
    let values: Vec<_> = puts.iter().map(|put| put["Value"].as_str().unwrap()).collect();
    assert_eq!(values, ["newer,old", "new"]);
}

#[tokio::test]
async fn the_keys_of_links_pile_up_and_the_one_of_identities_stays() {
    let aws = with(&[("identity", "who"), ("links", "old")]).await;
    run(&aws, rotate("links", false), "").await.unwrap();
    let put = puts(&aws).await.remove(0);
    let keys: Vec<_> = put["Value"].as_str().unwrap().split(',').collect();
    assert_eq!((keys[0].len(), keys[1]), (64, "old"));
    for command in [
        rotate("identity", false),
        rotate("identity", true),
        rotate("links", true),
        set("identity"),
        set("links"),
    ] {
        run(&aws, command, "hush-hush").await.unwrap_err();
    }
    assert_eq!(puts(&aws).await.len(), 1, "nothing else was written");
}

#[tokio::test]
async fn what_cannot_be_a_secret_or_names_nothing_is_refused() {
    let aws = with(&[]).await;
    for typed in ["", " , ", "two words", "tab\tbed", &"x".repeat(4097)] {
        run(&aws, set("corner-bakery/square"), typed).await.unwrap_err();
    }
    let unknown = run(&aws, set("nowhere/square"), "hush").await.unwrap_err();
    assert!(unknown.starts_with("the stack regulars has no shop nowhere; it has"), "{unknown}");
    let several = run(&aws, set("square"), "hush").await.unwrap_err();
    assert!(several.contains("say which by --shop"), "{several}");
    run(&aws, rotate("harbour-books/square", false), "hush").await.unwrap_err();
    assert!(puts(&aws).await.is_empty());
    for name in ["", "shopifi", "a/b/square", "corner-bakery/api", "UPPER/square"] {
        name.parse::<super::Name>().unwrap_err();
    }
}

#[tokio::test]
async fn who_was_faster_isnt_overwritten() {
    let aws = aws().await;
    answer(&aws, "AmazonSSM.GetParametersByPath", json!({ "Parameters": [] })).await;
    refuse(&aws, "AmazonSSM.PutParameter", "ParameterAlreadyExists", "exists").await;
    let told = run(&aws, SecretsCommand::Set { name: None }, "").await.unwrap();
    assert!(told.starts_with("identity was made by somebody else just now."), "{told}");
    run(&aws, set("identity"), "hush").await.unwrap_err();
}
