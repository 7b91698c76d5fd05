//! `regulars mail sender`: who a shop's mail comes from, and how it looks.

use jiff::Timestamp;
use loyalty::ids::ShopId;
use platform::sender::{MailSettings, MailSettingsChange, Unfit, Wish};
use platform::store::{MailMode, MailSettingsError, Settings};
use presentation::Colour;
use presentation::brand::Theme;

use super::{Of, lacking};
use crate::cli::SenderArgs;
use crate::failure::Failure;

/// Sets what is wanted, and tells what holds then.
pub(super) async fn told(
    of: &Of<'_>,
    wanted: &SenderArgs,
    now: Timestamp,
) -> Result<String, Failure> {
    let Of { store, shop, settings, .. } = of;
    let set = store.set_mail_settings(shop, change(wanted), now).await;
    let sender = set.map_err(|error| match error {
        MailSettingsError::Unfit(unfit) => {
            let lines: String = unfit.0.iter().map(by_flag).collect();
            Failure::new(format!("nothing was changed:{lines}"))
        }
        MailSettingsError::Store(error) => {
            Failure::because(format!("cannot reach the mail settings of {shop}"), &error)
        }
    })?;
    let missing = lacking(&sender, of, MailMode::Live, "Missing before mail goes live");
    Ok(describe(shop, settings, &sender) + &unread(&sender) + &missing)
}

fn change(wanted: &SenderArgs) -> MailSettingsChange {
    let wish = |text: &Option<String>| match text.as_deref() {
        None => Wish::Keep,
        Some("") => Wish::Clear,
        Some(text) => Wish::Set(text.to_owned()),
    };
    MailSettingsChange {
        from: wish(&wanted.from),
        from_name: wish(&wanted.name),
        reply_to: wish(&wanted.reply_to),
        owner: wish(&wanted.owner),
        second: wish(&wanted.second),
        postal_address: wish(&wanted.postal_address),
        logo: wish(&wanted.logo),
        accent: wish(&wanted.accent),
        language: wish(&wanted.language),
        imprint: wish(&wanted.imprint),
        away_until: wish(&wanted.away_until),
    }
}

/// What is wrong, with the flag instead of the setting's name.
fn by_flag(Unfit { setting, message }: &Unfit) -> String {
    let flag = match *setting {
        "from_name" => "name".to_owned(),
        other => other.replace('_', "-"),
    };
    format!("\n- --{flag} {message}")
}

fn describe(shop: &ShopId, settings: &Settings, sender: &MailSettings) -> String {
    let or = |text: &Option<String>, otherwise: &str| {
        text.clone().unwrap_or_else(|| otherwise.to_owned())
    };
    let shops_own = format!("{} (the shop's own name)", settings.name);
    let ours = format!("{} (not chosen)", Colour::DEFAULT);
    let away = sender.away_until.as_ref().map(|day| format!("until {day}"));
    let away = or(&away, "nobody is");
    let lines = [
        ("From", or(&sender.from, "nobody")),
        ("Name", or(&sender.from_name, &shops_own)),
        ("Answers", or(&sender.reply_to, "to the from-address")),
        ("Owner", or(&sender.owner, "no address")),
        ("Second", or(&sender.second, "nobody")),
        ("Postal", or(&sender.postal_address, "no address")),
        ("Logo", or(&sender.logo, "none: the name stands for it")),
        ("Accent", or(&sender.accent, &ours)),
        ("Language", or(&sender.language, "the country's")),
        ("Imprint", or(&sender.imprint, "no page")),
        ("Away", away),
    ];
    let lines = lines.map(|(name, text)| format!("\n{name:<8} {text}")).concat();
    format!("Mail of {shop}:{lines}")
}

/// Where the shop's own colour can't be read, and what is shown there instead; a line each.
fn unread(sender: &MailSettings) -> String {
    let accent = sender.accent.as_deref().and_then(|accent| accent.parse::<Colour>().ok());
    let Some(accent) = accent else { return String::new() };
    [(Theme::Light, "light", "white"), (Theme::Dark, "dark", "a dark page")]
        .into_iter()
        .map(|(theme, how, on)| (accent.readable(theme), how, on))
        .filter(|(readable, ..)| *readable != accent)
        .map(|(readable, how, on)| {
            format!("\n{accent} is too {how} to read on {on}: shown as {readable} there")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::cli::{MailArgs, MailCommand};
    use crate::mail::tests::{at, nothing, opened};

    use super::*;

    fn args(data: &std::path::Path, wanted: SenderArgs) -> MailArgs {
        let command = Some(MailCommand::Sender(wanted));
        MailArgs { command, mode: None, shop: None, data: data.to_owned(), stack: None }
    }

    #[tokio::test]
    async fn who_mail_comes_from_is_set_shown_and_taken_away() {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path(), &["corner-bakery"]).await;
        let now = at("2026-11-22T12:00:00Z");
        let tell = async |wanted| {
            crate::mail::told(&args(dir.path(), wanted), &nothing, now).await.unwrap()
        };
        let text = |text: &str| Some(text.to_owned());
        let nobody = "\
Mail of corner-bakery:
From     nobody
Name     Corner Bakery (the shop's own name)
Answers  to the from-address
Owner    no address
Second   nobody
Postal   no address
Logo     none: the name stands for it
Accent   #9a3412 (not chosen)
Language the country's
Imprint  no page
Away     nobody is
Missing before mail goes live:
- no from-address: nothing can be sent
- no postal address: many countries ask marketing mail to carry the shop's";
        assert_eq!(tell(SenderArgs::default()).await, nobody);
        let all = SenderArgs {
            from: text("hello@corner.example"),
            name: text("Maria of Corner Bakery"),
            reply_to: text("corner.bakery@gmail.com"),
            owner: text("maria@gmail.com"),
            second: text("jo@gmail.com"),
            postal_address: text("5 Main Street, Springfield, NY 12345"),
            logo: text("https://corner.example/logo.png"),
            accent: text("#D97706"),
            language: text("de"),
            imprint: text("https://corner.example/about"),
            away_until: text("2027-01-10"),
        };
        let told = "\
Mail of corner-bakery:
From     hello@corner.example
Name     Maria of Corner Bakery
Answers  corner.bakery@gmail.com
Owner    maria@gmail.com
Second   jo@gmail.com
Postal   5 Main Street, Springfield, NY 12345
Logo     https://corner.example/logo.png
Accent   #d97706
Language de
Imprint  https://corner.example/about
Away     until 2027-01-10
#d97706 is too light to read on white: shown as #b55600 there";
        assert_eq!(tell(all).await, told);
        assert_eq!(tell(SenderArgs::default()).await, told);
        let less = SenderArgs { reply_to: text(""), ..SenderArgs::default() };
        assert!(tell(less).await.contains("\nAnswers  to the from-address\n"));
    }

    #[tokio::test]
    async fn a_colour_that_cannot_be_read_somewhere_is_told_with_what_is_shown_there() {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path(), &["corner-bakery"]).await;
        let now = at("2026-11-22T12:00:00Z");
        let told = async |accent: &str| {
            let wanted = SenderArgs { accent: Some(accent.to_owned()), ..SenderArgs::default() };
            let told = crate::mail::told(&args(dir.path(), wanted), &nothing, now).await.unwrap();
            let notes = told.lines().filter(|line| line.contains(" to read on "));
            notes.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            told("#fde68a").await,
            ["#fde68a is too light to read on white: shown as #877100 there"]
        );
        assert_eq!(
            told("#9a3412").await,
            ["#9a3412 is too dark to read on a dark page: shown as #d76c4c there"]
        );
        assert!(told("").await.is_empty(), "no colour of its own");
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_by_its_flag() {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path(), &["corner-bakery"]).await;
        let now = at("2026-11-22T12:00:00Z");
        let text = |text: &str| Some(text.to_owned());
        let wanted = SenderArgs {
            from: text("maria@gmail.com"),
            name: text(" Maria\n"),
            postal_address: text("5 Main Street\nSpringfield"),
            logo: text("logo.png"),
            accent: text("brown"),
            language: text("fr"),
            imprint: text("http://corner.example/about"),
            ..SenderArgs::default()
        };
        let failure = crate::mail::told(&args(dir.path(), wanted), &nothing, now).await;
        assert_eq!(
            failure.unwrap_err().to_string(),
            "\
nothing was changed:
- --from is at a provider of mailboxes, whose own rules (DMARC) have mail from elsewhere refused: \
use an address of the shop's own domain; answers may go to the provider's
- --postal-address has to be one line of 1 to 200 characters
- --logo has to be a URL that begins with https://, of at most 300 characters and without blanks, \
such as https://corner-bakery.com/logo.png
- --accent is no colour: write # and six hexadecimal digits, such as #9a3412
- --language has to be one of en, de
- --imprint has to be a URL that begins with https://, of at most 300 characters and without \
blanks, such as https://corner-bakery.com/logo.png"
        );
    }
}
