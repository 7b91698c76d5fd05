//! What a previewed mail is written from: a shop's program and settings, and somebody it
//! goes to.

use jiff::Timestamp;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::mail::{Class, Kind};
use loyalty::program::Program;
use loyalty::{Language, Points};
use platform::Sites;
use platform::mail::{Letter, Mailbox};
use platform::sender::MailSettings;
use platform::store::Contact;
use platform::tokens::{Door, Links, SECRET, address_mark};
use presentation::mail::{self, Broken, Occasion, Section};
use presentation::{Locale, consent};
use secrecy::SecretString;

use crate::cli::{Data, Environment, SampleArgs};
use crate::failure::Failure;
use crate::home::{Home, ProgramFile, has_data};
use crate::serve;

/// Who gets a preview that is nobody's.
const NOBODY: &str = "preview";

/// The name of whoever is made up, and what she has.
const NAME: &str = "Ada Lovelace";
const BALANCE: Points = Points(840);

/// The order a survey asks about.
const ORDER: &str = "shopify:1";

/// The address of a shop that has none yet.
const FROM: &str = "hello@example.com";

/// A shop, and somebody it writes to.
pub(super) struct Sample {
    shop: ShopId,
    program: Program,
    settings: MailSettings,
    links: Links,
    customer: CustomerId,
    contact: Option<Contact>,
    balance: Points,
    now: Timestamp,
}

impl Sample {
    /// Takes the program of the file, of the data or of the sample, in this order. Links
    /// lead where the environment says, else below the URL.
    pub(super) async fn open(
        args: &SampleArgs,
        environment: Environment<'_>,
        at: (&str, Timestamp),
    ) -> Result<Self, Failure> {
        let file = args.program.as_deref().map(ProgramFile::read).transpose()?;
        let mut sample = match has_data(&args.data) {
            true => Self::of_data(args, environment, at).await?,
            false if args.customer.is_some() => {
                let dir = args.data.display();
                return Err(Failure::new(format!(
                    "there is no data in {dir}, so no customer either"
                )));
            }
            false => Self::of(serve::sample()?.program, environment, at)?,
        };
        if let Some(file) = file {
            sample.program = file.program;
        }
        Ok(sample)
    }

    fn of(
        program: Program,
        environment: Environment<'_>,
        at: (&str, Timestamp),
    ) -> Result<Self, Failure> {
        Ok(Self {
            shop: program.shop.id.clone(),
            program,
            settings: MailSettings::default(),
            links: links(environment, at.0, [SecretString::from(NOBODY)].into())?,
            customer: NOBODY.parse().map_err(|error| Failure::because("no customer", &error))?,
            contact: None,
            balance: BALANCE,
            now: at.1,
        })
    }

    async fn of_data(
        args: &SampleArgs,
        environment: Environment<'_>,
        at: (&str, Timestamp),
    ) -> Result<Self, Failure> {
        let (url, now) = at;
        let home = Home::open(&Data::Dir(args.data.clone()), environment).await?;
        let (shop, _) = crate::mail::shop(&home, args.shop.as_ref(), &args.data).await?;
        let cannot = |error| Failure::because(format!("cannot read the shop {shop}"), &error);
        let rules = home.store.rules(&shop, now).await.map_err(cannot)?;
        let version = rules.programs.latest().ok_or_else(|| {
            Failure::new(format!("{shop} has no program: `regulars program apply` gives it one"))
        })?;
        let mut sample = Self::of(version.program.as_ref().clone(), environment, at)?;
        sample.settings = home.store.mail_settings(&shop).await.map_err(cannot)?;
        sample.links = links(environment, url, home.secrets.lists().named(SECRET))?;
        if let Some(customer) = &args.customer {
            let desk = home.store.desk(&shop, customer).await.map_err(cannot)?;
            let unknown = || Failure::new(format!("{shop} knows no customer {customer}"));
            sample.contact = Some(desk.contact.ok_or_else(unknown)?);
            sample.balance = desk.account.wallet.balance().unwrap_or(Points::ZERO);
            sample.customer = desk.holder;
        }
        Ok(sample)
    }

    /// The language she, or else the shop, is written to in.
    pub(super) fn language(&self) -> Language {
        let hers = self.contact.as_ref().and_then(|contact| contact.language.as_deref());
        self.settings.locale(&self.program, hers).language
    }

    /// A letter of a kind, and the owner's own words that can't be used in it.
    pub(super) fn letter(
        &self,
        kind: Kind,
        language: Language,
        to: &str,
    ) -> Result<(Letter, Vec<Broken>), Failure> {
        let locale = Locale::new(language, &self.program.shop.country);
        let class = kind.class();
        let stop = Door::Unsubscribe { customer: self.customer.clone(), kind };
        let stop = (class > Class::AskedFor).then(|| self.url(&stop));
        let contact = self.contact.as_ref();
        let name = contact.map_or(Some(NAME), |contact| contact.name.as_deref());
        let sections = [self.section(kind, &locale, to)];
        let written = mail::write(&Occasion {
            locale: &locale,
            brand: &self.settings.brand(&self.program),
            program: &self.program,
            name,
            balance: Some(self.balance),
            sections: &sections,
            links: self.page_links(class, stop.clone()),
            to_owner: false,
            marketing_allowed: true,
        });
        let from = self.settings.from.as_deref().unwrap_or(FROM);
        let from_name = self.settings.from_name.as_deref().unwrap_or(&self.program.shop.name);
        let from = Mailbox::new(from_name, from);
        let letter = Letter {
            from: from.map_err(|error| Failure::because("the shop's own address", &error))?,
            reply_to: self.settings.reply_to.clone(),
            to: to.to_owned(),
            subject: written.subject,
            text: written.text,
            html: Some(written.html),
            headers: stop.map(Letter::one_click).unwrap_or_default(),
            tags: vec![("kind".to_owned(), kind.as_str().to_owned())],
            configuration_set: None,
        };
        Ok((letter, written.broken))
    }

    /// Made-up facts, but for what leads somewhere.
    fn section(&self, kind: Kind, locale: &Locale, to: &str) -> Section {
        let made_up = Section::sample(kind, &self.program, locale);
        let customer = self.customer.clone();
        match made_up {
            Section::ConsentConfirmation { .. } => {
                let address = address_mark(to);
                let url = self.url(&Door::Confirmation { customer, address });
                let wording = consent::wording(locale, &self.program.shop.name);
                Section::ConsentConfirmation { url, wording }
            }
            Section::Survey { day, question, url } => {
                let order = OrderRef::try_from(ORDER.to_owned());
                let asked_at = self.now;
                let door = order.map(|order| Door::Survey { customer, order, question, asked_at });
                let url = door.map_or(url, |door| self.url(&door));
                Section::Survey { day, question, url }
            }
            made_up => made_up,
        }
    }

    fn page_links(&self, class: Class, unsubscribe: Option<String>) -> mail::Links {
        if class <= Class::AskedFor {
            return mail::Links::default();
        }
        let (customer, trigger) = (self.customer.clone(), NOBODY.to_owned());
        let preferences = Door::Preferences { customer: customer.clone() };
        mail::Links {
            why: Some(self.url(&Door::Why { customer, trigger })),
            preferences: Some(self.url(&preferences)),
            unsubscribe,
        }
    }

    fn url(&self, door: &Door) -> String {
        self.links.url(&self.shop, door, self.now)
    }
}

fn links(
    environment: Environment<'_>,
    url: &str,
    keys: std::sync::Arc<[SecretString]>,
) -> Result<Links, Failure> {
    let sites = Sites::from_env(environment)
        .map_err(|error| Failure::because("the configuration can't be read", &error))?;
    let public_url = Some(sites.public_url.unwrap_or_else(|| url.to_owned()));
    let sites = std::sync::Arc::new(Sites { public_url, ..sites });
    Links::new(sites, keys).map_err(|error| Failure::because("no links can be made", &error))
}
