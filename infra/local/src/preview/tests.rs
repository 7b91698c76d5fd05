use std::path::PathBuf;

use loyalty::program::CORNER_BAKERY;

use super::*;
use crate::cli::{Data, SampleArgs};
use crate::home::{Home, ProgramFile};

/// The key that the test shop knows its people by.
fn environment(name: &str) -> Option<String> {
    (name == "REGULARS_IDENTITY_KEY").then(|| "identity-key".to_owned())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn args(dir: &Path, kind: Option<Kind>) -> PreviewArgs {
    let sample = SampleArgs {
        customer: None,
        language: None,
        shop: None,
        program: None,
        data: dir.join("data"),
    };
    PreviewArgs { kind, all: kind.is_none(), sample, out: dir.join("out"), eml: true }
}

async fn told(args: &PreviewArgs) -> Result<String, Failure> {
    super::told(args, &environment, at("2026-11-22T12:00:00Z")).await
}

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join("out").join(name)).unwrap()
}

#[tokio::test]
async fn without_data_every_kind_is_written_in_every_language_by_the_sample_program() {
    let dir = tempfile::tempdir().unwrap();
    told(&args(dir.path(), None)).await.unwrap();
    for kind in Kind::ALL {
        for language in Language::ALL {
            let part = |extension| read(dir.path(), &name(kind, language, extension));
            assert!(part("html").contains(&format!("lang=\"{}\"", language.as_str())), "{kind:?}");
            let (text, eml) = (part("txt"), part("eml"));
            assert!(text.starts_with("Subject: ") && text.contains("Corner Bakery"), "{text}");
            let stops = eml.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
            assert_eq!(stops, kind.class() > loyalty::mail::Class::AskedFor, "{eml}");
            assert!(eml.contains("multipart/alternative"), "{eml}");
        }
    }
}

#[tokio::test]
async fn a_customers_preview_has_her_name_her_language_and_her_balance() {
    let dir = tempfile::tempdir().unwrap();
    let shop = testkit::shop::TestShop::open().await;
    shop.buys(1, 12, "2026-11-22T11:00:00Z").await;
    shop.ada_is("Ada <b>L</b>", "de").await;
    let ada = shop.by_email("ada@example.com").await.unwrap().id;
    let desk = shop.services.store.desk(&shop.id, &ada).await.unwrap();
    assert_eq!(desk.contact.unwrap().language.as_deref(), Some("de"));

    let mut data = args(dir.path(), Some(Kind::Receipt));
    data.sample.customer = Some(ada);
    data.sample.data = shop.database.dir().to_owned();
    let home = Home::open(&Data::Dir(data.sample.data.clone()), &environment).await;
    let mut home = home.unwrap();
    let file = ProgramFile::parse(Path::new("b.toml"), CORNER_BAKERY.to_owned()).unwrap();
    home.apply(&file, at("2026-11-22T12:00:00Z")).await.unwrap();
    drop(home);
    told(&data).await.unwrap();
    let text = read(dir.path(), "receipt.de.txt");
    assert!(text.contains("Hallo Ada <b>L</b>,") && text.contains("120 Punkte"), "{text}");
    let html = read(dir.path(), "receipt.de.html");
    assert!(html.contains("Ada &lt;b&gt;L&lt;/b&gt;"), "{html}");
}

#[tokio::test]
async fn who_nobody_knows_and_words_that_cannot_be_used_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut unknown = args(dir.path(), Some(Kind::Receipt));
    unknown.sample.customer = Some("nobody".parse().unwrap());
    let failure = told(&unknown).await.unwrap_err().to_string();
    assert!(failure.contains("no data"), "{failure}");

    let file: PathBuf = dir.path().join("own.toml");
    let own = "[[mail.template]]\nkind = \"receipt\"\nlanguage = \"en\"\nbody = \"{{ pionts }}\"\n";
    std::fs::write(&file, format!("{CORNER_BAKERY}\n{own}")).unwrap();
    let mut broken = args(dir.path(), Some(Kind::Receipt));
    broken.sample.program = Some(file);
    let failure = told(&broken).await.unwrap_err().to_string();
    assert!(failure.contains("pionts") && failure.contains("line 1"), "{failure}");
}

#[tokio::test]
async fn an_unwritable_place_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut args = args(dir.path(), Some(Kind::Welcome));
    args.out = file.clone();
    let failure = told(&args).await.unwrap_err().to_string();
    assert!(failure.starts_with(&format!("cannot write to {}", file.display())), "{failure}");
}
