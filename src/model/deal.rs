//! What the store keeps of a deal: attributes, stage visits, field changes, activities.

use super::calendar::{Day, Micros};
use super::maybe::Maybe;
use super::names::Sym;
use super::quality::{HistoryGrade, QualitySet};
use super::stage::{StageId, StageKind};

/// The status of a deal in the export, at the extract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Still worked on.
    #[default]
    Open,
    /// Won.
    Won,
    /// Lost (abandoned, cancelled and invalid deals too).
    Lost,
}

impl From<StageKind> for Status {
    /// The status of a deal in a stage of that kind.
    fn from(kind: StageKind) -> Self {
        match kind {
            StageKind::Open => Self::Open,
            StageKind::Won => Self::Won,
            StageKind::Lost => Self::Lost,
        }
    }
}

impl From<Status> for StageKind {
    /// The kind of the stages in which deals of that status stand.
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Won => Self::Won,
            Status::Lost => Self::Lost,
        }
    }
}

impl Status {
    /// `open`, `won` or `lost`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// Reads what [`Status::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Won, Self::Lost].into_iter().find(|s| s.as_str() == name)
    }
}

/// The attributes of a deal at the extract. Its `deal_id`, `name` and `account_id` are text
/// columns of the partition.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deal {
    /// The pipeline the deal is in now.
    pub pipeline: Sym,
    /// The stage the deal is in now.
    pub stage: StageId,
    /// Open, won or lost.
    pub status: Status,
    /// The owner now (a user id, or a name where the export has only names).
    pub owner: Sym,
    /// Where the deal came from.
    pub source: Sym,
    /// New business, renewal, and so on.
    pub deal_type: Sym,
    /// The product, if the export has one.
    pub product: Sym,
    /// Why it was lost.
    pub lost_reason: Sym,
    /// Forecast category: `pipeline`, `best_case`, `most_likely`, `commit`, `omitted`, `closed`.
    pub forecast_category: Sym,
    /// Currency of `amount_minor` (ISO 4217).
    pub currency: Sym,
    /// Amount in minor units; null if the export has none.
    pub amount_minor: Maybe<i64>,
    /// Win probability of the deal in the export, basis points.
    pub probability_bp: Maybe<u32>,
    /// Creation; null for a deal without any date (QH3).
    pub created_at: Maybe<Micros>,
    /// Close time by the deal row; history may say otherwise.
    pub closed_at: Maybe<Micros>,
    /// Expected close date, as it stands at the extract.
    pub expected_close_on: Maybe<Day>,
    /// Last modification.
    pub modified_at: Maybe<Micros>,
    /// Deletion, if the export tells.
    pub deleted_at: Maybe<Micros>,
    /// The instant of the export this row came from (exclusive end of what it knows).
    pub extracted_at: Micros,
    /// How good the evidence for its stages is.
    pub history_grade: HistoryGrade,
    /// What was found wrong and settled.
    pub quality: QualitySet,
    /// The export that it came from: `salesforce`, `hubspot`, `pipedrive`, `generic` or a mapping.
    pub crm: Sym,
}

/// One visit to a stage, built from the whole extract (METRICS 3.2, steps 1 to 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredVisit {
    /// The stage (and with it the pipeline).
    pub stage: StageId,
    /// Entry.
    pub entered_at: Micros,
    /// Exit; null if the deal is still there at the extract.
    pub exited_at: Maybe<Micros>,
    /// False if the deal is older than the history (QH8): the entry time is not known.
    pub is_entry_known: bool,
}

/// A field whose changes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Amount, minor units.
    Amount,
    /// Expected close date, days.
    ExpectedCloseOn,
    /// Owner, symbol.
    Owner,
    /// Forecast category, symbol.
    ForecastCategory,
    /// Probability, basis points.
    Probability,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 5] = [
        Self::Amount,
        Self::ExpectedCloseOn,
        Self::Owner,
        Self::ForecastCategory,
        Self::Probability,
    ];

    /// The canonical column name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::ExpectedCloseOn => "expected_close_on",
            Self::Owner => "owner",
            Self::ForecastCategory => "forecast_category",
            Self::Probability => "probability",
        }
    }

    /// Whether `old` and `new` hold symbols.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Owner | Self::ForecastCategory)
    }
}

/// A change of a field. `old` and `new` hold what [`Field`] says, symbols as their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldChange {
    /// When.
    pub at: Micros,
    /// Which field.
    pub field: Field,
    /// The value before; null if unknown or none.
    pub old: Maybe<i64>,
    /// The value after.
    pub new: Maybe<i64>,
}

impl FieldChange {
    /// The word before, where the field has words.
    pub fn old_word(&self) -> Sym {
        Sym::of(self.old.get())
    }

    /// The word after, where the field has words.
    pub fn new_word(&self) -> Sym {
        Sym::of(self.new.get())
    }
}

/// A call, e-mail, meeting or task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Activity {
    /// When it was done; null if it is only planned.
    pub done_at: Maybe<Micros>,
    /// When it is due.
    pub due_at: Maybe<Micros>,
    /// `call`, `email`, `meeting`, `task` or another word of the export, lower case.
    pub kind: Sym,
    /// Who did it.
    pub owner: Sym,
    /// Its result, lower case: `no_show`, `cancelled`, `replied` …
    pub outcome: Sym,
    /// How long it took.
    pub duration_seconds: Maybe<u32>,
}

/// A person of the CRM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The id that `owner` columns use.
    pub user_id: String,
    /// Name as people read it.
    pub name: String,
    /// Team or role.
    pub team: String,
    /// Address.
    pub email: String,
    /// Whether the user can still log in.
    pub is_active: Option<bool>,
    /// First working day.
    pub started_on: Option<Day>,
}

/// An account (company).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub account_id: String,
    /// Name.
    pub name: String,
    /// Industry.
    pub industry: String,
}

/// A goal (METRICS C1): `owner` or `team` empty if it is not meant for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Owner id, or empty.
    pub owner: String,
    /// Team, or empty.
    pub team: String,
    /// First day of the period.
    pub period_start: Day,
    /// The day after its last day.
    pub period_end: Day,
    /// `bookings`, `wins`, `new_deals`, `activities` or `activities.<kind>`.
    pub measure: String,
    /// The goal: minor units for `bookings`, a count otherwise.
    pub value: i64,
    /// Currency of a bookings goal.
    pub currency: String,
}

/// A row of a stored forecast (METRICS L1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forecast {
    /// When it was made.
    pub snapshot_on: Day,
    /// First day of the period it is about.
    pub period_start: Day,
    /// The day after its last day.
    pub period_end: Day,
    /// Owner id, or empty.
    pub owner: String,
    /// Category: `commit`, `best_case`, `pipeline` …
    pub category: String,
    /// The deal, if the forecast is by deal.
    pub deal_id: String,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// Currency.
    pub currency: String,
}

/// An exchange rate (METRICS 1.4): a unit of `currency` is `num / den` units of the base currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FxRate {
    /// The currency (ISO 4217).
    pub currency: String,
    /// The day from which on it holds.
    pub rate_on: Day,
    /// The first day on which it does not hold, if the export says so.
    pub holds_until: Option<Day>,
    /// Numerator, above 0.
    pub num: i64,
    /// Denominator, above 0.
    pub den: i64,
}

impl FxRate {
    /// The days of a rate that carries none: it holds on all days, after any rate that has a day.
    pub const ALWAYS: (Day, Day) = (0, 2_932_896);

    /// Whether it carries no day.
    pub fn is_undated(&self) -> bool {
        (self.rate_on, self.holds_until) == (Self::ALWAYS.0, Some(Self::ALWAYS.1))
    }
}

/// A payment for a deal (METRICS M2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Payment {
    /// The deal.
    pub deal_id: String,
    /// When the money came.
    pub paid_at: Micros,
    /// Amount in minor units; negative for a refund.
    pub amount_minor: i64,
    /// Currency.
    pub currency: String,
}
