//! The canonical columns of each kind of file: what a mapping may name.
//!
//! Does not know any CRM's headers; those are in `sources/*.toml`.

use serde::Deserialize;

macro_rules! columns {
    ($($variant:ident $name:literal)*) => {
        /// A canonical column.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub(super) enum Col { $($variant,)* }

        impl Col {
            /// All columns.
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in a mapping.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

columns! {
    DealId "deal_id" DealName "deal_name" Name "name" Pipeline "pipeline" Stage "stage"
    FromStage "from_stage" Status "status" IsClosed "is_closed" IsWon "is_won" IsLost "is_lost"
    Amount "amount" WonAmount "won_amount"
    Currency "currency" Owner "owner" Source "source" DealType "deal_type" Product "product"
    LostReason "lost_reason" ForecastCategory "forecast_category" Probability "probability"
    CreatedAt "created_at" ClosedAt "closed_at" WonAt "won_at" LostAt "lost_at"
    ExpectedCloseOn "expected_close_on" LastStageChangeAt "last_stage_change_at"
    ModifiedAt "modified_at" DeletedAt "deleted_at" AccountId "account_id"
    AccountName "account_name" StageOrder "stage_order" ChangedAt "changed_at"
    ChangedBy "changed_by" EventId "event_id" ActivityId "activity_id" Kind "kind"
    DoneAt "done_at" StartsAt "starts_at" DueAt "due_at" DueOn "due_on" Outcome "outcome"
    DurationSeconds "duration_seconds" DurationMinutes "duration_minutes" UserId "user_id"
    FirstName "first_name" LastName "last_name" Team "team" Email "email" IsActive "is_active"
    StartedOn "started_on" Industry "industry" Period "period" PeriodStart "period_start"
    PeriodEnd "period_end" Measure "measure" Value "value" SnapshotOn "snapshot_on"
    Category "category" Id "id" RateOn "rate_on" HoldsUntil "holds_until" Rate "rate"
    UnitsPerBase "units_per_base" PaidAt "paid_at" Field "field" OldValue "old_value"
    NewValue "new_value" OldNumber "old_number" NewNumber "new_number" OldDate "old_date"
    NewDate "new_date" OldFirstName "old_first_name" NewFirstName "new_first_name"
    OldLastName "old_last_name" NewLastName "new_last_name" Number "number"
    QuarterLabel "quarter_label" MonthLabel "month_label" Year "year" Base "base"
    ChangedTime "changed_time" DoneTime "done_time" StartsTime "starts_time" DueTime "due_time"
    Refunded "refunded"
}

impl Col {
    /// The column called `name`.
    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|col| col.name() == name)
    }

    /// The column of the time of day of this one, where that holds days only.
    pub(super) fn time_of_day(self) -> Option<Self> {
        match self {
            Self::ChangedAt => Some(Self::ChangedTime),
            Self::DoneAt => Some(Self::DoneTime),
            Self::StartsAt => Some(Self::StartsTime),
            Self::DueAt => Some(Self::DueTime),
            _ => None,
        }
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entity {
    /// One row per deal.
    Deals,
    /// One row per entry into a stage.
    StageHistory,
    /// One row per change from one stage to another.
    StageChanges,
    /// One row per change of a field, of the stage or another.
    FieldChanges,
    /// Calls, e-mails, meetings, tasks.
    Activities,
    /// People.
    Users,
    /// Companies.
    Accounts,
    /// The stages of the pipelines.
    Stages,
    /// Periods: a calendar of the user's own if it tells their kinds, else their days by id only.
    Periods,
    /// Exchange rates, which tell the currency of goals and forecasts that name none.
    Fx,
    /// Goals.
    Targets,
    /// Stored forecasts.
    Forecasts,
    /// What customers paid, deal by deal.
    Payments,
    /// Names of teams or roles, by id.
    Teams,
    /// Names of pipelines, by id.
    Pipelines,
}

impl Entity {
    /// The name in a mapping and in the list of inputs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Deals => "deals",
            Self::StageHistory => "stage_history",
            Self::StageChanges => "stage_changes",
            Self::FieldChanges => "field_changes",
            Self::Activities => "activities",
            Self::Users => "users",
            Self::Accounts => "accounts",
            Self::Stages => "stages",
            Self::Periods => "periods",
            Self::Targets => "targets",
            Self::Forecasts => "forecasts",
            Self::Fx => "fx",
            Self::Payments => "payments",
            Self::Teams => "teams",
            Self::Pipelines => "pipelines",
        }
    }

    /// Columns without which a file is not of this kind.
    pub(super) fn required(self) -> &'static [Col] {
        match self {
            Self::Deals => &[Col::DealId],
            Self::StageHistory | Self::StageChanges => &[Col::DealId, Col::Stage, Col::ChangedAt],
            Self::FieldChanges => {
                &[Col::DealId, Col::Field, Col::OldValue, Col::NewValue, Col::ChangedAt]
            }
            Self::Activities => &[],
            Self::Users => &[Col::UserId],
            Self::Accounts => &[Col::AccountId],
            Self::Stages => &[Col::Stage],
            Self::Periods => &[Col::Id, Col::PeriodStart, Col::PeriodEnd],
            Self::Targets => &[Col::Value],
            Self::Forecasts => &[Col::Amount],
            Self::Fx => &[Col::Currency],
            Self::Payments => &[Col::DealId, Col::PaidAt, Col::Amount],
            Self::Teams | Self::Pipelines => &[Col::Id, Col::Name],
        }
    }

    /// Columns of which a file of this kind has at least one; no columns if it needs none.
    pub(super) fn one_of(self) -> &'static [Col] {
        match self {
            Self::Activities => &[Col::DoneAt, Col::StartsAt, Col::DueAt, Col::DueOn],
            Self::Deals => &[Col::Stage, Col::Status, Col::CreatedAt, Col::WonAt, Col::LostAt],
            Self::Targets => &[Col::Period, Col::PeriodStart, Col::Year],
            Self::Forecasts => &[Col::SnapshotOn],
            Self::Fx => &[Col::Rate, Col::UnitsPerBase],
            _ => &[],
        }
    }

    /// Columns that a mapping of this kind may name.
    pub(super) fn allowed(self) -> &'static [Col] {
        match self {
            Self::Deals => DEALS,
            Self::StageHistory | Self::StageChanges => HISTORY,
            Self::FieldChanges => FIELD_CHANGES,
            Self::Activities => ACTIVITIES,
            Self::Users => USERS,
            Self::Accounts => &[Col::AccountId, Col::Name, Col::Industry],
            Self::Stages => STAGES,
            Self::Periods => PERIODS,
            Self::Targets => TARGETS,
            Self::Forecasts => FORECASTS,
            Self::Fx => FX,
            Self::Payments => PAYMENTS,
            Self::Teams | Self::Pipelines => &[Col::Id, Col::Name],
        }
    }
}

macro_rules! lists {
    ($($name:ident: $($col:ident)*;)*) => { $(const $name: &[Col] = &[$(Col::$col,)*];)* };
}

lists! {
    DEALS: DealId Name Pipeline Stage Status IsClosed IsWon IsLost Amount WonAmount Currency Owner
        Source DealType Product LostReason ForecastCategory Probability CreatedAt ClosedAt WonAt LostAt
        ExpectedCloseOn LastStageChangeAt ModifiedAt DeletedAt AccountId AccountName StageOrder;
    HISTORY: Status DealId Stage FromStage ChangedAt ChangedBy Pipeline EventId Amount Currency
        ExpectedCloseOn Probability ForecastCategory CreatedAt Name AccountId Owner Source DealType
        Product LostReason ChangedTime;
    FIELD_CHANGES: DealId Pipeline ChangedAt ChangedBy EventId Field OldValue NewValue OldNumber
        NewNumber OldDate NewDate OldFirstName NewFirstName OldLastName NewLastName;
    ACTIVITIES: ActivityId DealId DealName Kind Owner Status IsClosed DoneAt StartsAt DueAt DueOn
        CreatedAt ModifiedAt Outcome DurationSeconds DurationMinutes DoneTime StartsTime DueTime;
    USERS: UserId Name FirstName LastName Team Email IsActive StartedOn;
    PAYMENTS: DealId Kind PaidAt Amount Refunded Currency EventId;
    FX: Currency Base Year RateOn HoldsUntil Rate UnitsPerBase;
    STAGES: Id Stage Pipeline StageOrder Probability IsClosed IsWon IsLost Kind;
    PERIODS: Kind Id PeriodStart PeriodEnd Name Number QuarterLabel MonthLabel;
    TARGETS: Owner Team Period Year PeriodStart PeriodEnd Measure Value Currency;
    FORECASTS: SnapshotOn Period Year PeriodStart PeriodEnd ExpectedCloseOn Owner Team Category DealId Amount
        Currency;
}
