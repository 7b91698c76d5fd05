//! German.

use loyalty::consent::Teller;
use loyalty::mail::{Kind, WhyNot};
use loyalty::program::ConsentGrade;

use super::Words;
use crate::unsubscribe::Stops;

pub(super) const WORDS: Words = Words {
    kind,
    account: "Rund um deine Punkte",
    account_owed: "Was du auch wählst: Wir sagen dir, wenn Punkte bald verfallen, wenn deine Stufe \
                   bald endet und wenn sich das Programm ändert oder endet. Das ist das Geschäft \
                   dir schuldig. Eine Pause hält auch das auf, und ohne diese Nachricht verfallen \
                   keine Punkte.",
    offers: "Angebote und Neuigkeiten",
    offers_none: "Du bekommst keine. Wenn du welche möchtest, kreuze das hier an und speichere.",
    save: "Speichern",
    preferences_link: "Auswählen, welche Mails du bekommst",

    stop,
    stops: |stops, shop| match stops {
        Stops::Kind(one) => format!(
            "Drück auf den Knopf, und {shop} schickt dir keine Mails dieser Art mehr: {}.",
            kind(one)
        ),
        _ => format!(
            "Drück auf den Knopf, und {shop} schickt dir keine Angebote und Neuigkeiten mehr."
        ),
    },
    goes_on,
    stopped_title: "Abbestellt",
    stopped: |stops, shop, date| match stops {
        Stops::Kind(one) => {
            format!("Du bekommst von {shop} keine Mails dieser Art mehr: {}.", kind(one))
        }
        _ => format!("Seit dem {date} bekommst du von {shop} keine Angebote und Neuigkeiten mehr."),
    },
    instead: "Lieber nur weniger?",
    undo: "Rückgängig: weiter wie bisher",
    undo_monthly: "Angebote höchstens einmal im Monat",
    undo_pause: "Nur drei Monate Pause",
    switch_on: "Rückgängig: wieder einschalten",
    more_choices: "Mehr Auswahl: eine Pause oder gar nichts",

    preferences_title: "Welche Mails möchtest du?",
    offers_stopped: |date| format!("Du hast Angebote und Neuigkeiten abbestellt (am {date})."),
    often: "Wie oft Angebote und Neuigkeiten?",
    as_it_comes: "Wie sie kommen, höchstens eine Mail pro Woche",
    monthly: "Höchstens einmal im Monat",
    pause_title: "Eine Pause",
    pause_text: "Drei Monate lang gar keine Mails. Deine Punkte laufen weiter.",
    paused: |date| format!("Du bekommst bis zum {date} keine Mails. Deine Punkte laufen weiter."),
    pause: "Drei Monate Pause",
    resume: "Pause beenden",
    nothing_title: "Gar nichts",
    nothing_text: "Keine Angebote, keine Neuigkeiten, nichts zu deinen Punkten. Nur was das \
                   Geschäft dir schuldig ist: dass Punkte bald verfallen, dass deine Stufe \
                   bald endet oder dass sich das Programm ändert oder endet.",
    nothing: "Alles ausschalten",
    complained: |date| {
        format!(
            "Am {date} hast du eine Mail von uns als Spam gemeldet. Seitdem bekommst du keine \
             Angebote und nichts zu deinen Punkten, nur was du selbst anforderst. Hier lässt \
             sich das nicht ändern. War es ein Versehen, dann schreib uns: Ein Mensch liest das."
        )
    },
    bounced: |date| {
        format!(
            "Seit dem {date} kommen Mails an deine Adresse zurück, deshalb schicken wir keine mehr. \
             Hier lässt sich das nicht ändern: Schreib uns von der Adresse, an der du Mails \
             möchtest, dann kümmert sich ein Mensch darum."
        )
    },
    saved: "Gespeichert.",
    is_on: "an",
    is_off: "aus",
    unchanged: "Nichts zu speichern: Es ist schon so, wie du es möchtest.",
    nothing_saved: "Gespeichert. Es kommt nichts mehr, nur was das Geschäft dir schuldig ist.",
    monthly_saved: "Angebote und Neuigkeiten: höchstens einmal im Monat",
    as_it_comes_saved: "Angebote und Neuigkeiten: wie sie kommen",
    pause_saved: |date| format!("Keine Mails bis zum {date}"),
    resume_saved: "Die Pause ist vorbei",
    birthday_title: "Dein Geburtstag",
    birthday_why: |shop| {
        format!(
            "Wenn du ihn nennst, kann {shop} dir gratulieren und dir geben, was das Programm an \
             dem Tag gibt. Tag und Monat genügen: Nach dem Jahr wird nicht gefragt, und es wird \
             keines gespeichert. Du kannst ihn einmal im Jahr ändern und jederzeit löschen."
        )
    },
    birthday_known: |day| format!("Gespeichert ist: {day}."),
    birthday_waits: |date| {
        format!(
            "Du hast ihn vor weniger als einem Jahr geändert, darum geht das wieder ab dem {date}. \
             Wenn er falsch ist, schreib uns."
        )
    },
    birthday_day: "Tag",
    birthday_month: "Monat",
    birthday_none: "Auswählen",
    birthday_save: "Geburtstag speichern",
    birthday_forget: "Geburtstag löschen",
    birthday_half: "Dein Geburtstag ist nicht gespeichert: Wähle Tag und Monat.",
    birthday_no_day: "Dein Geburtstag ist nicht gespeichert: Der Monat hat keinen solchen Tag. \
                      Wähle einen anderen.",
    birthday_saved: |day| format!("Dein Geburtstag: {day}"),
    birthday_gone: "Dein Geburtstag ist nicht gespeichert",

    why_title: "Warum du diese Mail bekommen hast",
    why_unknown: "Zu dieser Mail ist nichts mehr gespeichert: Das ist nach 13 Monaten so. Du \
                  kannst weiter auswählen, welche Mails du bekommst.",
    by_order: |date| format!("Du hast etwas gekauft (am {date})."),
    by_week: |date| format!("Du hast etwas gekauft, in der Woche ab dem {date}."),
    by_return: |date| format!("Etwas, das du gekauft hattest, ging zurück (am {date})."),
    by_request: |date| {
        format!(
            "Am {date} hat jemand für diese Adresse um Angebote und Neuigkeiten gebeten: \
             hoffentlich du."
        )
    },
    by_birthday: |day| match day {
        Some(day) => format!("Du hast am {day} Geburtstag."),
        None => "Du hattest Geburtstag, soweit wir damals wussten.".to_owned(),
    },
    by_anniversary: |years, program| match years {
        1 => format!("Du warst seit einem Jahr bei {program} dabei."),
        _ => format!("Du warst seit {years} Jahren bei {program} dabei."),
    },
    by_absence: |date| {
        format!("Diese Mail wurde automatisch ausgewählt, weil dein letzter Besuch am {date} war.")
    },
    by_visit: "Du hast etwas gekauft, und das Geschäft fragt, wie es war.",
    by_low_score: "Eine niedrige Bewertung wartet auf eine Antwort.",
    by_answer: "Du hast uns eine niedrige Bewertung gegeben, und jemand hat dir geantwortet.",
    by_voices: "Du hast eine unserer Umfragen beantwortet, und das ist daraus geworden.",
    by_review: |tier, date| {
        format!(
            "Du warst {tier}, und am {date} wird neu nachgesehen. So wie es stand, hätte das \
             dann geendet."
        )
    },
    by_expiry: |points, date| match points {
        Some(points) => format!("Mit Ablauf des {date} verfallen von dir: {points}."),
        None => format!("Mit Ablauf des {date} sollten Punkte von dir verfallen."),
    },
    by_import: |shop| {
        format!(
            "Deine Adresse kam mit einer Liste von {shop} zu uns, die nicht zeigt, dass du \
             Angeboten und Neuigkeiten zugestimmt hast. Darum fragen wir dich, ein einziges Mal."
        )
    },
    fact_what: "Worum es geht",
    fact_state: "Verschickt",
    fact_tier: "Erreicht",
    fact_allowed: "Warum wir schreiben dürfen",
    waiting: "Noch nicht",
    on_its_way: "Sie ist unterwegs",
    sent_to_owner: |date| format!("Am {date}, zur Probe an das Geschäft und nicht an dich"),
    sent_or_not: "Wir wissen nicht, ob sie hinausging, und versuchen es nicht noch einmal",
    failed: "Sie ließ sich nicht verschicken",
    dropped: "Nein, sie wurde ausgelassen",
    why_not,
    allowed_asked: "Du hast gefragt, und das ist die Antwort",
    allowed_member: |program| format!("Du nimmst an {program} teil"),
    allowed_yes: |date, how, who| format!("Du hast am {date} Ja gesagt: {how}, {who}"),
    allowed_unsaid: "Nur mit deinem Ja; danach sehen wir, kurz bevor so eine Mail hinausgeht",
    grade,
    teller,
    used: "Was sie zählt",
    columns: [("Tag", false), ("Was", false), ("Punkte", true)],
    purchase: "Einkauf",
    went_back: "Ging zurück",
    gift: "Ein Geschenk zu deinem Tag",
    goodwill: "Von uns, mit unserer Antwort",
    stop_title: "Nicht gewünscht?",
    stop_offers: "Angebote und Neuigkeiten abbestellen",
    stop_kind: "Mails dieser Art abbestellen",

    confirm_title: |shop| format!("Möchtest du Mails von {shop}?"),
    confirm_lead: |shop| {
        format!("Wenn ja, drück auf den Knopf, dann schreibt dir {shop} ab und zu:")
    },
    yes: "Ja, schreibt mir",
    confirm_or_not: "Wenn nicht, musst du nichts tun: Ohne dein Ja schreibt dir niemand.",
    confirmed_title: "Danke",
    confirmed: |shop| format!("Du hast Ja gesagt: {shop} schreibt dir ab und zu."),
    confirmed_stop: "Du kannst das jederzeit beenden, mit einem Link in jeder Mail oder hier:",
};

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::SignIn => "Ein Link zum Anmelden",
        Kind::ConsentConfirmation => "Die Frage, ob du Mails möchtest",
        Kind::Export => "Deine Daten, wie angefordert",
        Kind::Erasure => "Dass deine Daten gelöscht werden, wie angefordert",
        Kind::RewardIssued => "Eine Prämie, die du eingelöst hast",
        Kind::LowScore => "Eine Bewertung, die eine Antwort verdient",
        Kind::YouSaid => "Was aus dem wurde, was du uns gesagt hast",
        Kind::FollowUpAnswer => "Eine Antwort auf das, was du geschrieben hast",
        Kind::Receipt => "Punkte für deine Einkäufe",
        Kind::PointsTakenBack => "Punkte, die zurückgingen",
        Kind::TierReached => "Eine Stufe, die du erreicht hast",
        Kind::PointsExpiring => "Punkte, die bald verfallen",
        Kind::TierEnding => "Dass eine Stufe endet",
        Kind::ProgramChange => "Eine Änderung des Programms",
        Kind::ProgramEnd => "Das Ende des Programms",
        Kind::RetentionNotice => "Dass alte Daten gelöscht werden",
        Kind::Welcome => "Willkommen",
        Kind::Birthday => "Eine Mail zu deinem Geburtstag",
        Kind::Anniversary => "Eine Mail zum Tag, seit dem du dabei bist",
        Kind::TierAtRisk => "Was fehlt, um deine Stufe zu behalten",
        Kind::WinBack => "Ein Brief nach langer Zeit",
        Kind::Survey => "Eine Frage, wie es war",
    }
}

fn stop(stops: Stops) -> [&'static str; 2] {
    match stops {
        Stops::Kind(_) => ["Mails dieser Art abbestellen?", "Mails dieser Art abbestellen"],
        _ => ["Angebote und Neuigkeiten abbestellen?", "Angebote und Neuigkeiten abbestellen"],
    }
}

fn goes_on(stops: Stops) -> &'static str {
    match stops {
        Stops::Offers => "Mails zu deinen Punkten kommen weiter.",
        Stops::Kind(_) => "Andere Mails kommen weiter.",
        Stops::OffersNotOwed => {
            "Die Mail, aus der du kommst, ist dir das Geschäft schuldig, etwa den Hinweis, dass \
             Punkte bald verfallen. Sie lässt sich nicht abbestellen und ist selten."
        }
        Stops::OffersNotAskedFor => {
            "Die Mail, aus der du kommst, antwortet auf etwas, das du angefordert hast. Solche \
             Mails kommen weiter, aber nur, wenn du fragst."
        }
    }
}

fn why_not(why: WhyNot) -> &'static str {
    match why {
        WhyNot::NotLive | WhyNot::BeforeLive => "das Geschäft hat noch keine Mails verschickt",
        WhyNot::NoNews => "es war nichts Neues",
        WhyNot::ShopPaused => "die Mails des Geschäfts sind angehalten",
        WhyNot::MarketingPaused => "die Angebote des Geschäfts sind angehalten",
        WhyNot::FollowUpOpen => "das Geschäft wollte dir erst antworten",
        WhyNot::Paused => "deine Mails sind angehalten",
        WhyNot::Unreachable => "es gab keine Adresse",
        WhyNot::Bounced => "Mails an deine Adresse kamen zurück",
        WhyNot::Complained => "du hast eine Mail als Spam gemeldet",
        WhyNot::NotAMember => "du nimmst nicht teil",
        WhyNot::NoConsent => "du hast zu solchen Mails nicht Ja gesagt",
        WhyNot::NotSent => "das Geschäft verschickt diese Art nicht",
        WhyNot::SwitchedOff => "du hast diese Art abbestellt",
        WhyNot::Quiet => "es war Nacht",
        WhyNot::Capped => "du hattest gerade erst Mail",
        WhyNot::Stale => "sie wäre zu spät gekommen",
        WhyNot::NothingToTell => "was sie gesagt hätte, stimmte nicht mehr oder war schon gesagt",
        WhyNot::NotDue => "ihre Zeit war noch nicht da",
    }
}

fn grade(grade: ConsentGrade) -> &'static str {
    match grade {
        ConsentGrade::ConfirmedOwnForm => {
            "im Formular des Geschäfts, bestätigt mit einem Link in einer Mail"
        }
        ConsentGrade::OwnForm => "im Formular des Geschäfts",
        ConsentGrade::Checkout => "mit einem Kreuz beim Bezahlen",
        ConsentGrade::ImportWithWording => "in einem Formular, dessen Wortlaut wir haben",
        ConsentGrade::ExistingCustomer => "indem du beim Kauf deine Adresse genannt hast",
    }
}

fn teller(teller: Teller) -> &'static str {
    match teller {
        Teller::Shopify => "wie Shopify sagt",
        Teller::Square => "wie Square sagt",
        Teller::Own => "wie du uns selbst gesagt hast",
        Teller::Import => "wie eine Liste des Geschäfts sagt",
    }
}
