//! From what a form says to what is kept: a pure step, and doing it twice gives nothing.

use jiff::Timestamp;
use loyalty::consent::{Act, Consent, Fact, State, Suppression, Teller};
use loyalty::mail::{Class, Kind, Receipts};
use loyalty::program::{ConsentGrade, MailRules, Preset};

use crate::door::{EMAIL, Visit};

/// Where she stands with offers and news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// She gets them.
    On,
    /// Nobody may write to her by what is known of her: she never said yes, or not well
    /// enough for the shop's country.
    NotAsked,
    /// She stopped them.
    Stopped {
        /// When.
        since: Timestamp,
        /// Whether what she had can simply be had again.
        undo: bool,
    },
    /// Mail comes back from her address.
    Bounced {
        /// Since when.
        since: Timestamp,
    },
    /// She marked a mail as spam.
    Complained {
        /// When.
        since: Timestamp,
    },
}

impl Offer {
    pub(crate) fn of(visit: &Visit) -> Self {
        Self::by(&visit.contact.consent, visit.program.shop.preset, visit.now)
    }

    fn by(consent: &Consent, preset: Preset, now: Timestamp) -> Self {
        if let Some(suppressed) = consent.suppressed() {
            let since = suppressed.since;
            return match suppressed.why {
                Suppression::Complaint => Self::Complained { since },
                Suppression::Bounce | Suppression::Bounces => Self::Bounced { since },
            };
        }
        if consent.suffices(EMAIL, preset) {
            return Self::On;
        }
        let standing = consent.standing(EMAIL);
        match (standing.state, standing.since) {
            (State::Unsubscribed, Some(since)) => {
                let undo = undo(consent, preset, now).is_some();
                Self::Stopped { since, undo }
            }
            _ => Self::NotAsked,
        }
    }

    /// Whether a press brings back what she had.
    pub(crate) fn can_undo(self) -> bool {
        matches!(self, Self::Stopped { undo: true, .. })
    }

    /// Whether she complained, so that nothing comes whatever she chooses here.
    pub(crate) fn is_complaint(self) -> bool {
        matches!(self, Self::Complained { .. })
    }

    /// Whether she is offered to say yes, having read what to.
    pub(crate) fn asks(self) -> bool {
        matches!(self, Self::NotAsked | Self::Stopped { undo: false, .. })
    }
}

/// The fact that takes her withdrawal back, where that is enough to be written to.
fn undo(consent: &Consent, preset: Preset, now: Timestamp) -> Option<Fact> {
    let fact = consent.undo(EMAIL, now)?;
    let mut after = consent.clone();
    after.hear(&fact);
    after.suffices(EMAIL, preset).then_some(fact)
}

/// What planning needs to know.
#[derive(Debug, Clone)]
pub(super) struct Desk<'a> {
    pub(super) consent: &'a Consent,
    pub(super) preset: Preset,
    pub(super) rules: &'a MailRules,
    pub(super) wording: String,
    pub(super) now: Timestamp,
}

impl<'a> Desk<'a> {
    pub(super) fn of(visit: &'a Visit) -> Self {
        Self {
            consent: &visit.contact.consent,
            preset: visit.program.shop.preset,
            rules: &visit.program.mail,
            wording: visit.wording(),
            now: visit.now,
        }
    }
}

/// Kinds of a class that the shop sends and a member can switch, as they compete.
pub(super) fn offered(rules: &MailRules, class: Class) -> impl Iterator<Item = Kind> {
    let sent = |kind: &Kind| {
        let never = *kind == Kind::Receipt && rules.receipts == Receipts::Off;
        kind.has_switch() && !rules.off.contains(kind) && !never
    };
    Kind::ALL.into_iter().filter(move |kind| kind.class() == class && sent(kind))
}

/// What somebody sent a form for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    act: Asked,
    /// What the form showed: what isn't ticked of it is off, and what it didn't show stays.
    shown: Vec<String>,
    ticked: Vec<String>,
    monthly: Option<bool>,
    yes: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Asked {
    /// What the form shows.
    #[default]
    Save,
    Undo,
    UndoMonthly,
    UndoPause,
    Pause,
    Resume,
    /// Nothing at all any more.
    Nothing,
    On(Kind),
}

impl Wish {
    /// Reads a form. What isn't ours in it says nothing.
    pub(super) fn read(fields: &[(String, String)]) -> Self {
        let mut wish = Self::default();
        for (name, value) in fields {
            match (name.as_str(), value.as_str()) {
                ("act", "undo") => wish.act = Asked::Undo,
                ("act", "undo-monthly") => wish.act = Asked::UndoMonthly,
                ("act", "undo-pause") => wish.act = Asked::UndoPause,
                ("act", "pause") => wish.act = Asked::Pause,
                ("act", "resume") => wish.act = Asked::Resume,
                ("act", "nothing") => wish.act = Asked::Nothing,
                ("on", kind) => {
                    let kind = Kind::ALL.into_iter().find(|one| one.as_str() == kind);
                    wish.act = kind.map_or(wish.act, Asked::On);
                }
                ("shown", kind) => wish.shown.push(kind.to_owned()),
                ("kind", kind) => wish.ticked.push(kind.to_owned()),
                ("often", "monthly") => wish.monthly = Some(true),
                ("often", "as-it-comes") => wish.monthly = Some(false),
                ("yes", "yes") => wish.yes = true,
                _ => {}
            }
        }
        wish
    }
}

/// The facts that make of what holds what she wishes.
pub(super) fn plan(wish: &Wish, desk: &Desk<'_>) -> Vec<Fact> {
    let undone = || undo(desk.consent, desk.preset, desk.now);
    let also = |fact: Option<Fact>| undone().into_iter().chain(undone().and(fact));
    let mut facts: Vec<Fact> = match wish.act {
        Asked::Save => save(wish, desk),
        Asked::Undo => also(None).chain(undone().into_iter().flat_map(|_| desk.back())).collect(),
        Asked::UndoMonthly => also(desk.monthly(true)).collect(),
        Asked::UndoPause => also(desk.pause()).collect(),
        Asked::Pause => desk.pause().into_iter().collect(),
        Asked::Resume => desk.resume().into_iter().collect(),
        Asked::Nothing => desk.nothing(),
        Asked::On(kind) => desk.switch(kind, false).into_iter().collect(),
    };
    // A yes to offers and news means that some come: where she had switched off every kind
    // of them, she has them again.
    let yes = facts.iter().any(|fact| matches!(fact.act, Act::Subscribed { .. }));
    let mut kinds = offered(desk.rules, Class::Marketing);
    if yes && wish.act == Asked::Save && kinds.all(|kind| desk.consent.is_off(kind.as_str())) {
        let on = offered(desk.rules, Class::Marketing).filter_map(|kind| desk.switch(kind, false));
        facts.extend(on);
    }
    facts
}

/// What a form shows, kept.
fn save(wish: &Wish, desk: &Desk<'_>) -> Vec<Fact> {
    let classes = [Class::Account, Class::Marketing];
    let kinds = classes.into_iter().flat_map(|class| offered(desk.rules, class));
    let shown = kinds.filter(|kind| wish.shown.iter().any(|shown| shown == kind.as_str()));
    let off = |kind: &Kind| !wish.ticked.iter().any(|ticked| ticked == kind.as_str());
    let switched = shown.filter_map(|kind| desk.switch(kind, off(&kind)));
    let monthly = wish.monthly.and_then(|on| desk.monthly(on));
    let yes = wish.yes.then(|| desk.yes()).flatten();
    switched.chain(monthly).chain(yes).collect()
}

impl Desk<'_> {
    fn fact(&self, act: Act) -> Fact {
        Fact { at: self.now, act }
    }

    fn switch(&self, kind: Kind, off: bool) -> Option<Fact> {
        let (kind, was) = (kind.as_str(), self.consent.is_off(kind.as_str()));
        (was != off).then(|| self.fact(Act::Kind { kind: kind.to_owned(), off }))
    }

    fn monthly(&self, on: bool) -> Option<Fact> {
        (self.consent.at_most_monthly() != on).then(|| self.fact(Act::Monthly { on }))
    }

    fn pause(&self) -> Option<Fact> {
        self.consent.paused_until(self.now).is_none().then(|| Fact::pause(self.now))
    }

    fn resume(&self) -> Option<Fact> {
        self.consent.paused_until(self.now)?;
        Some(self.fact(Act::Paused { until: None }))
    }

    /// She came by a link in a mail to her own address: that confirms it.
    fn yes(&self) -> Option<Fact> {
        let asks = Offer::by(self.consent, self.preset, self.now).asks();
        asks.then(|| confirmed(self.now, self.wording.clone()))
    }

    fn nothing(&self) -> Vec<Fact> {
        let no = Act::Unsubscribed { channel: EMAIL, teller: Teller::Own };
        let stopped = self.consent.state(EMAIL) == State::Unsubscribed;
        let no = (!stopped).then(|| self.fact(no));
        // Which offers she would have is kept: without her yes none of them come.
        no.into_iter().chain(account().filter_map(|kind| self.switch(kind, true))).collect()
    }

    /// What went off together with her last withdrawal, by the one press for nothing at all:
    /// on again.
    fn back(&self) -> Vec<Fact> {
        let newest = |is: &dyn Fn(&Act) -> bool| {
            self.consent.history().rev().find(|fact| is(&fact.act)).map(|fact| fact.at)
        };
        let no = newest(&|act| matches!(act, Act::Unsubscribed { teller: Teller::Own, .. }));
        let with_it = |kind: &Kind| {
            let of_it =
                |act: &Act| matches!(act, Act::Kind { kind: one, .. } if one == kind.as_str());
            no.is_some() && newest(&of_it) == no
        };
        account().filter(with_it).filter_map(|kind| self.switch(kind, false)).collect()
    }
}

/// Kinds about her account that have a switch.
fn account() -> impl Iterator<Item = Kind> {
    let about_it = |kind: &Kind| kind.class() == Class::Account && kind.has_switch();
    Kind::ALL.into_iter().filter(about_it)
}

/// Her yes to marketing mail on a page of ours that she reached from her own mailbox.
pub(crate) fn confirmed(at: Timestamp, wording: String) -> Fact {
    let (channel, teller, wording) = (EMAIL, Teller::Own, Some(wording));
    let grade = Some(ConsentGrade::ConfirmedOwnForm);
    Fact { at, act: Act::Subscribed { channel, teller, grade, hers: true, wording } }
}

/// What was saved, as it stands in the query of the page that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// She wanted nothing that doesn't hold.
    Unchanged,
    /// Nothing but what is owed comes.
    Nothing,
    /// Offers and news as a whole.
    Offers,
    /// How often those come.
    Monthly,
    /// A pause.
    Pause,
    /// Her birthday.
    Birthday,
    /// A kind.
    Kind(Kind),
}

impl Topic {
    /// The names of what facts are about, at least one.
    pub(super) fn of(wish: &Wish, facts: &[Fact]) -> Vec<&'static str> {
        if facts.is_empty() {
            return vec![Self::Unchanged.as_str()];
        }
        if wish.act == Asked::Nothing {
            return vec![Self::Nothing.as_str()];
        }
        let topic = |fact: &Fact| match &fact.act {
            Act::Subscribed { .. } | Act::Unsubscribed { .. } => Some(Self::Offers),
            Act::Monthly { .. } => Some(Self::Monthly),
            Act::Paused { .. } => Some(Self::Pause),
            Act::Kind { kind, .. } => Self::read(kind),
            _ => None,
        };
        facts.iter().filter_map(topic).map(Self::as_str).collect()
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            // A kind of mail has that name.
            Self::Birthday => "my-birthday",
            Self::Unchanged => "unchanged",
            Self::Nothing => "nothing",
            Self::Offers => "offers",
            Self::Monthly => "monthly",
            Self::Pause => "pause",
            Self::Kind(kind) => kind.as_str(),
        }
    }

    /// The topic of a name, if there is one.
    pub(super) fn read(name: &str) -> Option<Self> {
        let others = [
            Self::Unchanged,
            Self::Nothing,
            Self::Offers,
            Self::Monthly,
            Self::Pause,
            Self::Birthday,
        ];
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.has_switch()).map(Self::Kind);
        others.into_iter().chain(kinds).find(|topic| topic.as_str() == name)
    }
}
