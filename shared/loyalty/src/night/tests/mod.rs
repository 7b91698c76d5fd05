//! A life night by night, which the stories and the properties live.

mod properties;
mod rules;
mod stories;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::*;
use crate::account::{Counted, Place, moved};
use crate::ids::CustomerId;
use crate::ledger::Origin;
use crate::mail::{House, Kind, MailMode, Message, Recipient, Sent, Verdict, decide};
use crate::month::Month;
use crate::program::{CORNER_BAKERY, Program};
use crate::testing::at;

/// One customer of one shop, from a first night on.
#[derive(Debug, Clone)]
struct Life {
    id: CustomerId,
    account: Account,
    birthday: Option<Birthday>,
    by_purchases: bool,
    program: Program,
    rhythm: Option<u16>,
    away_until: Option<Date>,
    trials: Vec<Trial>,
    mail_since: Option<Date>,
    consented: bool,
}

/// One night of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Night {
    date: Date,
    decided: Vec<(Found, Fate)>,
    gifts: Vec<Gift>,
}

impl Life {
    /// A member since a local day, of the sample program, who consented. Surveys are off: they
    /// have a story of their own.
    fn since(joined: Date) -> Self {
        let mut program = Program::parse(CORNER_BAKERY).unwrap();
        program.mail.off.insert(Kind::Survey);
        let noon = joined.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        Self {
            id: CustomerId::from_bits(7),
            account: Account { member_since: Some(noon.timestamp()), ..Account::default() },
            birthday: None,
            by_purchases: true,
            program,
            rhythm: Some(20),
            away_until: None,
            trials: Vec::new(),
            mail_since: Some(Date::constant(2020, 1, 1)),
            consented: true,
        }
    }

    fn buys(&mut self, day: Date, kept: i64) {
        let order = Counted { day, kept, points: Points(0), again: false };
        self.account.facts.replace(None, &order, Month::of(day)).unwrap();
        let order = format!("shopify:{}", day.strftime("%Y%m%d")).try_into().unwrap();
        self.account.letters.ask_about(&order, day, day, &self.program);
    }

    fn earns(&mut self, points: i64, lot: Option<Month>) {
        let place = Place { lot: lot.into(), matures: None };
        self.account.wallet.credit(place, Points(points)).unwrap();
    }

    fn person(&self) -> Person<'_> {
        let Self { id, account, birthday, by_purchases, .. } = self;
        Person { id, account, birthday: *birthday, by_purchases: *by_purchases }
    }

    fn shop(&self, night: Date) -> Shop<'_> {
        Shop {
            program: &self.program,
            rhythm: self.rhythm,
            away_until: self.away_until,
            approves: self.program.mail.approves_at_first(self.mail_since, night),
            trials: &self.trials,
            mail_since: self.mail_since,
        }
    }

    fn look(&self, night: Date) -> Look {
        look(&self.person(), &self.shop(night), night)
    }

    fn fate(&self, found: &Found, night: Date) -> Fate {
        let at = morning(night, &self.program.shop.zone).unwrap();
        self.asks(|recipient, house| {
            fate(found, recipient, house, &self.shop(night), &self.person(), at)
        })
    }

    /// What holds a thing that is to be told on the morning after a night.
    fn held(&self, found: &Found, night: Date) -> Option<WhyNot> {
        let at = morning(night, &self.program.shop.zone).unwrap();
        let kind = found.reason.kind();
        let (origin, caused_at) = (Origin::Live, None);
        let message = Message { kind, fact_at: at, news_from: at, origin, caused_at };
        match self.asks(|recipient, house| decide(&message, recipient, house, at)) {
            Verdict::Wait { why, .. } => Some(why),
            _ => None,
        }
    }

    /// What the gate needs to know of her and of the shop.
    fn asks<T>(&self, of: impl FnOnce(&Recipient<'_>, House<'_>) -> T) -> T {
        let zone = &self.program.shop.zone;
        let recipient = Recipient {
            unreachable: false,
            paused: false,
            held_until: self.account.held_until,
            is_member: true,
            consented: self.consented,
            complained: false,
            bounced: false,
            off: &[],
            monthly: false,
            zone,
            sent: &Sent::NONE,
        };
        let live = |since: Date| since.to_zoned(zone.clone()).unwrap().timestamp();
        let mode =
            self.mail_since.map_or(MailMode::Off, |since| MailMode::Live { since: live(since) });
        let off: Vec<_> = self.program.mail.off.iter().copied().collect();
        of(&recipient, House { mode, paused: false, marketing_paused: false, off: &off })
    }

    /// Looks, decides, marks and gives, as a night's transaction does.
    fn night(&mut self, date: Date) -> Night {
        let look = self.look(date);
        assert!(look.due.is_none_or(|due| due > date), "due {:?} on {date}", look.due);
        let decide = |found: Found| (found.clone(), self.fate(&found, date));
        let decided: Vec<_> = look.found.into_iter().map(decide).collect();
        for (found, _) in &decided {
            self.account.letters.note(found, date);
        }
        for gift in &look.gifts {
            self.account.letters.give(gift);
            self.earns(gift.points.0, self.program.lot_of(date));
        }
        self.account.due.mail = look.due;
        Night { date, decided, gifts: look.gifts }
    }

    /// A purchase moves the day of the next look, as the store does it; `unstarted` is the
    /// first night that hasn't begun.
    fn moves(&mut self, unstarted: Date) {
        self.account.due.mail =
            moved(self.account.due.mail, self.account.earliest_mail(), unstarted);
    }
}

fn nights(from: Date, to: Date) -> impl Iterator<Item = Date> {
    from.series(1.day()).take_while(move |day| *day <= to)
}

/// Lives from night to night, buying in the days between; `every`: looks at every night, not
/// only at those that are due. Nights that found nothing are left out.
fn live(life: &mut Life, from: Date, to: Date, bought: &[(Date, i64)], every: bool) -> Vec<Night> {
    let mut found = Vec::new();
    for date in nights(from, to) {
        if every || life.account.due.mail.is_some_and(|due| due <= date) {
            let night = life.night(date);
            if !night.decided.is_empty() || !night.gifts.is_empty() {
                found.push(night);
            }
        }
        for (_, kept) in bought.iter().filter(|(day, _)| *day == date) {
            life.buys(date, *kept);
            life.moves(date.tomorrow().unwrap());
        }
    }
    found
}
