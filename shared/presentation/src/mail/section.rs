//! What a mail tells: one section for each thing, with its facts.

use jiff::civil::Date;
use loyalty::mail::Kind;
use loyalty::survey::{AnswerBy, Question, Score};
use loyalty::{Money, Points};

/// One thing a mail tells, with its facts. Texts are people's and owners' own: they are
/// shown as they are and never read as anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// A link to sign in.
    SignIn {
        /// Where it leads.
        url: String,
        /// How long it can be used.
        minutes: u16,
    },
    /// Asks her to confirm that she wants mail.
    ConsentConfirmation {
        /// Where she says yes.
        url: String,
        /// What she is asked to agree to.
        wording: String,
    },
    /// Her data, as she asked for them.
    Export {
        /// Where they are.
        url: String,
    },
    /// That her data will be erased, as she asked.
    Erasure {
        /// The points that are lost with them.
        points: Points,
        /// What those are worth, where that is known.
        worth: Option<Money>,
        /// How many vouchers are lost.
        vouchers: u32,
        /// The night it happens; until then she can change her mind.
        on: Date,
    },
    /// A reward she redeemed.
    RewardIssued {
        /// Its name.
        reward: String,
        /// What she shows or types in, in groups as it is read out.
        code: String,
        /// The last day it can be used; `None`: for good.
        until: Option<Date>,
    },
    /// An answer to what she wrote.
    FollowUpAnswer {
        /// The answer, as a person wrote it.
        text: String,
        /// Points the owner gave with it; 0: none.
        points: Points,
    },
    /// Tells the owner of a low score.
    LowScore(LowScore),
    /// What the shop did about what customers said.
    YouSaid {
        /// What the owner wrote.
        text: String,
    },
    /// Points that purchases brought.
    Receipt {
        /// How many.
        points: Points,
        /// Of how many purchases.
        purchases: u32,
    },
    /// Points that went back.
    PointsTakenBack {
        /// How many.
        points: Points,
        /// The money she got back, where that is known.
        returned: Option<Money>,
    },
    /// A tier she reached.
    TierReached {
        /// Its name.
        tier: String,
        /// What it brings.
        perks: Vec<String>,
    },
    /// Points that will expire.
    PointsExpiring {
        /// How many.
        points: Points,
        /// What they are worth, where that is known.
        worth: Option<Money>,
        /// The last day they can be used.
        on: Date,
    },
    /// A tier that she will lose.
    TierEnding {
        /// Its name.
        tier: String,
        /// The name of the one she will have then.
        next: String,
        /// The day it is looked at, from which on she has that one.
        on: Date,
    },
    /// The program changes to her disadvantage.
    ProgramChange {
        /// What changes, as sentences.
        changes: Vec<String>,
        /// The first day it is so.
        from: Date,
    },
    /// The program ends.
    ProgramEnd {
        /// The last day purchases bring points.
        on: Date,
        /// The last day points buy rewards.
        redeem_until: Date,
    },
    /// Data kept for long will be erased.
    RetentionNotice {
        /// The day they are.
        on: Date,
    },
    /// Welcome: her first steps.
    Welcome {
        /// What she gets for it, if anything.
        offer: Option<String>,
        /// What points buy, with how many it takes.
        rewards: Vec<(String, Points)>,
    },
    /// Birthday.
    Birthday {
        /// What she gets, if anything.
        gift: Option<String>,
    },
    /// The anniversary of her joining.
    Anniversary {
        /// How many years.
        years: u16,
        /// What she gets, if anything.
        gift: Option<String>,
    },
    /// A tier that an amount would keep.
    TierAtRisk {
        /// Its name.
        tier: String,
        /// The amount.
        missing: Money,
        /// The last day that counts.
        until: Date,
    },
    /// A letter to who stayed away.
    WinBack {
        /// When she was there last.
        last_visit: Date,
        /// What she gets, if anything.
        offer: Option<String>,
    },
    /// A question about a purchase.
    Survey {
        /// The day of the purchase.
        day: Date,
        /// What is asked.
        question: Question,
        /// The page where it is answered. A score's own link adds `?score=` and the number.
        url: String,
    },
}

/// What the owner is told of a low score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LowScore {
    /// Who gave it: her name, where it is known.
    pub who: Option<String>,
    /// The score.
    pub score: Score,
    /// The day of the purchase it is about, where it is known.
    pub day: Option<Date>,
    /// What she wrote.
    pub comment: Option<String>,
    /// How she may be answered; `None`: she didn't say.
    pub answer_by: Option<AnswerBy>,
    /// Her number, where it is known.
    pub phone: Option<String>,
    /// How many purchases of hers there were.
    pub orders: i64,
    /// The day of the first.
    pub since: Option<Date>,
    /// Her tier's name.
    pub tier: Option<String>,
    /// What she has.
    pub points: Points,
    /// 1: at once; 2: the reminder; 3: the second person's.
    pub notice: u8,
}

impl Section {
    /// The kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::SignIn { .. } => Kind::SignIn,
            Self::ConsentConfirmation { .. } => Kind::ConsentConfirmation,
            Self::Export { .. } => Kind::Export,
            Self::Erasure { .. } => Kind::Erasure,
            Self::RewardIssued { .. } => Kind::RewardIssued,
            Self::FollowUpAnswer { .. } => Kind::FollowUpAnswer,
            Self::LowScore(_) => Kind::LowScore,
            Self::YouSaid { .. } => Kind::YouSaid,
            Self::Receipt { .. } => Kind::Receipt,
            Self::PointsTakenBack { .. } => Kind::PointsTakenBack,
            Self::TierReached { .. } => Kind::TierReached,
            Self::PointsExpiring { .. } => Kind::PointsExpiring,
            Self::TierEnding { .. } => Kind::TierEnding,
            Self::ProgramChange { .. } => Kind::ProgramChange,
            Self::ProgramEnd { .. } => Kind::ProgramEnd,
            Self::RetentionNotice { .. } => Kind::RetentionNotice,
            Self::Welcome { .. } => Kind::Welcome,
            Self::Birthday { .. } => Kind::Birthday,
            Self::Anniversary { .. } => Kind::Anniversary,
            Self::TierAtRisk { .. } => Kind::TierAtRisk,
            Self::WinBack { .. } => Kind::WinBack,
            Self::Survey { .. } => Kind::Survey,
        }
    }
}
