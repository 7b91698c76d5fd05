//! The owner's own words of mail, and what is wrong with them.

use platform::store::TemplateFault;
use serde_json::json;

use super::bakery::BAKERY;
use super::{Api, NOW, at, shop};

const TEMPLATES: &str = "/api/v1/shops/corner-bakery/mail-templates";

/// The sample program with these templates besides.
async fn with(templates: &str) -> Api {
    let api = Api::with_secrets(&[("api", "the-newer-token")]).await;
    api.apply(&format!("{}\n{templates}", loyalty::program::CORNER_BAKERY)).await;
    api
}

#[tokio::test]
async fn a_shop_with_our_words_has_none_of_its_own() {
    let listed = Api::open().await.read(TEMPLATES).await;
    assert_eq!(listed, json!({"program_version": 1, "templates": [], "faults": []}));
}

#[tokio::test]
async fn each_template_says_what_is_its_own_and_what_is_wrong_with_it() {
    let api = with(
        "[[mail.template]]\nkind = \"receipt\"\nlanguage = \"en\"\nsubject = \"20% off\"\n\
         [[mail.template]]\nkind = \"welcome\"\nlanguage = \"de\"\nbody = \"Hallo {{ nmae }}\"\n\
         [[mail.template]]\nkind = \"points-expiring\"\nlanguage = \"en\"\n\
         body = \"{{ points }} on {{ on|date }}. Buy now!\"\n",
    )
    .await;
    let listed = api.read(TEMPLATES).await;
    let [receipt, welcome, expiring] = listed["templates"].as_array().unwrap().as_slice() else {
        panic!("{listed}")
    };
    assert_eq!((&receipt["kind"], &receipt["parts"]), (&json!("receipt"), &json!(["subject"])));
    assert!(receipt["marketing"].as_str().unwrap().contains('%'), "{receipt}");
    assert_eq!(receipt["problems"], json!([]));
    assert_eq!(welcome["marketing"], json!(null), "it is marketing as it is");
    assert!(welcome["problems"][0].as_str().unwrap().contains("nmae"), "{welcome}");
    assert!(expiring["problems"][0].as_str().unwrap().contains("may not be"), "{expiring}");
}

#[tokio::test]
async fn what_was_found_wrong_when_a_mail_was_written_stays_until_there_is_a_new_program() {
    let api = Api::open().await;
    let fault = |program_version| TemplateFault {
        program_version,
        kind: "receipt".to_owned(),
        language: "en".to_owned(),
        message: format!("version {program_version} lacks something"),
    };
    for version in [0, 1] {
        let store = &api.services.store;
        store.keep_template_fault(&shop(BAKERY), &fault(version), at(NOW)).await.unwrap();
    }
    let faults = api.read(TEMPLATES).await["faults"].clone();
    let told = json!({"at": NOW, "kind": "receipt", "language": "en",
        "message": "version 1 lacks something"});
    assert_eq!(faults, json!([told]));
}
