//! The small views: `users`, `accounts`, `stages`, `targets`, `forecasts`, `fx`, `payments`,
//! `periods`, `deal_snapshots`, `rejects`, `quality`.

use crate::model::{ColumnAbout, Dataset, Run, Unit, Value, column, money};

/// A view that is built whole.
pub(in crate::query) struct Small {
    pub(in crate::query) name: &'static str,
    pub(in crate::query) columns: &'static [ColumnAbout],
    pub(in crate::query) rows: fn(&Dataset, &Run) -> Vec<Vec<Value>>,
}

/// The small views.
pub(in crate::query) static SMALL: &[Small] = &[
    Small { name: "users", columns: USERS, rows: users },
    Small { name: "accounts", columns: ACCOUNTS, rows: accounts },
    Small { name: "stages", columns: STAGES, rows: stages },
    Small { name: "targets", columns: TARGETS, rows: targets },
    Small { name: "forecasts", columns: FORECASTS, rows: forecasts },
    Small { name: "fx", columns: FX, rows: fx },
    Small { name: "payments", columns: PAYMENTS, rows: payments },
    Small { name: "periods", columns: PERIODS, rows: periods },
    Small { name: "deal_snapshots", columns: DEAL_SNAPSHOTS, rows: deal_snapshots },
    Small { name: "rejects", columns: REJECTS, rows: rejects },
    Small { name: "quality", columns: QUALITY, rows: quality },
];

fn major(minor: i64, currency: &str) -> Value {
    Value::float(money::to_major(i128::from(minor), money::exponent(currency)))
}

const USERS: &[ColumnAbout] = &[
    column("user_id", Unit::Text, "The id that `owner_id` uses."),
    column("name", Unit::Text, "Name."),
    column("team", Unit::Text, "Team or role."),
    column("email", Unit::Text, "Address."),
    column("is_active", Unit::Flag, "Whether the user can still log in."),
    column("started_on", Unit::Date, "First working day."),
];

fn users(dataset: &Dataset, _: &Run) -> Vec<Vec<Value>> {
    let row = |user: &crate::model::User| {
        vec![
            Value::word(&user.user_id),
            Value::word(&user.name),
            Value::word(&user.team),
            Value::word(&user.email),
            user.is_active.into(),
            user.started_on.map_or(Value::Null, Value::Day),
        ]
    };
    dataset.users.iter().map(row).collect()
}

const ACCOUNTS: &[ColumnAbout] = &[
    column("account_id", Unit::Text, "Id."),
    column("name", Unit::Text, "Name."),
    column("industry", Unit::Text, "Industry."),
];

fn accounts(dataset: &Dataset, _: &Run) -> Vec<Vec<Value>> {
    let row = |a: &crate::model::Account| {
        vec![Value::word(&a.account_id), Value::word(&a.name), Value::word(&a.industry)]
    };
    dataset.accounts.iter().map(row).collect()
}

const STAGES: &[ColumnAbout] = &[
    column("pipeline", Unit::Text, "Pipeline."),
    column("stage", Unit::Text, "Stage."),
    column("stage_order", Unit::Count, "Place among the open stages, from 1; null if it has none."),
    column("stage_kind", Unit::Text, "`open`, `won` or `lost`."),
    column("probability", Unit::Rate, "Configured win probability."),
    column("touch_goal", Unit::Count, "Touches that a deal should get in it, as configured."),
    column("skill", Unit::Text, "Skill that a low conversion points to, as configured."),
    column("is_deleted", Unit::Flag, "Used in the data, absent from the export's catalogue."),
    column("order_basis", Unit::Text, "`configured`, `declared` or `inferred`."),
    column("kind_basis", Unit::Text, "`configured`, `declared` or `inferred`."),
];

fn stages(_: &Dataset, run: &Run) -> Vec<Vec<Value>> {
    let row = |stage: &crate::model::Stage| {
        let (pipeline, name) = (run.names.get(stage.pipeline), run.names.get(stage.name));
        vec![
            run.names.text(stage.pipeline).into(),
            run.names.text(stage.name).into(),
            stage.order.into(),
            stage.kind.as_str().into(),
            stage.probability_bp.map(|bp| f64::from(bp) / 10_000.0).into(),
            run.config.touch_goal(pipeline, name).into(),
            run.config.skill(pipeline, name).into(),
            stage.is_deleted.into(),
            stage.order_basis.as_str().into(),
            stage.kind_basis.as_str().into(),
        ]
    };
    run.catalogue.stages.iter().map(row).collect()
}

const TARGETS: &[ColumnAbout] = &[
    column("owner_id", Unit::Text, "Whose goal; null if it is not one person's."),
    column("team", Unit::Text, "Which team's goal; null if it is not one team's."),
    column("period_start", Unit::Date, "First day of the period."),
    column("period_end", Unit::Date, "Day after its last day."),
    column("measure", Unit::Text, "`bookings`, `wins`, `new_deals`, `activities` and so on."),
    column("target", Unit::Number, "The goal: major units for `bookings`, a count otherwise."),
    column("target_minor", Unit::Minor, "The goal of `bookings` in minor units; null otherwise."),
    column("currency", Unit::Text, "Currency of a bookings goal."),
];

fn targets(dataset: &Dataset, run: &Run) -> Vec<Vec<Value>> {
    let row = |target: &crate::model::Target| {
        let is_money = target.measure == "bookings";
        vec![
            Value::word(run.person(&target.owner)),
            Value::word(&target.team),
            Value::Day(target.period_start),
            Value::Day(target.period_end),
            Value::word(&target.measure),
            if is_money {
                major(target.value, &target.currency)
            } else {
                Value::Float(target.value as f64)
            },
            is_money.then_some(target.value).into(),
            Value::word(&target.currency),
        ]
    };
    dataset.targets.iter().map(row).collect()
}

const FORECASTS: &[ColumnAbout] = &[
    column("snapshot_on", Unit::Date, "When it was made."),
    column("period_start", Unit::Date, "First day of the period it is about."),
    column("period_end", Unit::Date, "Day after its last day."),
    column("owner_id", Unit::Text, "Whose forecast."),
    column("category", Unit::Text, "`commit`, `best_case`, `pipeline` and so on."),
    column("deal_id", Unit::Text, "The deal, if the forecast is by deal."),
    column("amount", Unit::Number, "Amount, major units."),
    column("amount_minor", Unit::Minor, "Amount, minor units."),
    column("currency", Unit::Text, "Currency."),
];

fn forecasts(dataset: &Dataset, run: &Run) -> Vec<Vec<Value>> {
    let row = |forecast: &crate::model::Forecast| {
        vec![
            Value::Day(forecast.snapshot_on),
            Value::Day(forecast.period_start),
            Value::Day(forecast.period_end),
            Value::word(run.person(&forecast.owner)),
            Value::word(&forecast.category),
            Value::word(&forecast.deal_id),
            major(forecast.amount_minor, &forecast.currency),
            forecast.amount_minor.into(),
            Value::word(&forecast.currency),
        ]
    };
    dataset.forecasts.iter().filter(|f| f.snapshot_on <= run.as_of).map(row).collect()
}

const FX: &[ColumnAbout] = &[
    column("currency", Unit::Text, "Currency."),
    column(
        "rate_on",
        Unit::Date,
        "Day from which on the rate holds; null if it holds on all days.",
    ),
    column("holds_until", Unit::Date, "First day on which it does not, if the export says so."),
    column("rate", Unit::Number, "What a unit of the currency is worth in the base currency."),
    column("num", Unit::Count, "Numerator of the rate."),
    column("den", Unit::Count, "Denominator of the rate."),
];

fn fx(dataset: &Dataset, run: &Run) -> Vec<Vec<Value>> {
    let row = |rate: &crate::model::FxRate| {
        let is_dated = !rate.is_undated();
        vec![
            Value::word(&rate.currency),
            is_dated.then_some(rate.rate_on).map_or(Value::Null, Value::Day),
            rate.holds_until.filter(|_| is_dated).map_or(Value::Null, Value::Day),
            Value::float(rate.num as f64 / rate.den as f64),
            rate.num.into(),
            rate.den.into(),
        ]
    };
    dataset.fx.iter().filter(|rate| rate.rate_on <= run.as_of).map(row).collect()
}

const PAYMENTS: &[ColumnAbout] = &[
    column("deal_id", Unit::Text, "The deal."),
    column("paid_at", Unit::Instant, "When the money came, UTC."),
    column("paid_on", Unit::Date, "Local date of it."),
    column("amount", Unit::Number, "Amount, major units; negative for a refund."),
    column("amount_minor", Unit::Minor, "Amount, minor units."),
    column("currency", Unit::Text, "Currency."),
];

fn payments(dataset: &Dataset, run: &Run) -> Vec<Vec<Value>> {
    let row = |payment: &crate::model::Payment| {
        vec![
            Value::word(&payment.deal_id),
            Value::Instant(payment.paid_at),
            Value::Day(run.zone.day(payment.paid_at)),
            major(payment.amount_minor, &payment.currency),
            payment.amount_minor.into(),
            Value::word(&payment.currency),
        ]
    };
    dataset.payments.iter().filter(|p| p.paid_at < run.cut).map(row).collect()
}

const PERIODS: &[ColumnAbout] = &[
    column("kind", Unit::Text, "`week`, `month`, `quarter` or `year`."),
    column("period_id", Unit::Text, "What it is called."),
    column("period_start", Unit::Date, "First day."),
    column("period_end", Unit::Date, "The day after the last day."),
];

fn periods(dataset: &Dataset, _: &Run) -> Vec<Vec<Value>> {
    let row = |period: &crate::model::NamedPeriod| {
        vec![
            period.kind.as_str().into(),
            Value::word(&period.period_id),
            Value::Day(period.start),
            Value::Day(period.end),
        ]
    };
    dataset.periods.iter().map(row).collect()
}

const DEAL_SNAPSHOTS: &[ColumnAbout] = &[
    column("deal_id", Unit::Text, "The deal."),
    column("snapshot_at", Unit::Instant, "End of what the export of that night knew."),
    column("snapshot_on", Unit::Date, "Its local date: the row stands until the next of the deal."),
    column("pipeline", Unit::Text, "Pipeline then."),
    column("stage", Unit::Text, "Stage then."),
    column("owner_id", Unit::Text, "Owner then."),
    column("forecast_category", Unit::Text, "Category then; null if the export had none."),
    column("expected_close_on", Unit::Date, "When it was expected to close."),
    column("amount", Unit::Number, "Amount then, major units."),
    column("amount_minor", Unit::Minor, "Amount then, minor units."),
    column("currency", Unit::Text, "Currency."),
];

fn deal_snapshots(dataset: &Dataset, run: &Run) -> Vec<Vec<Value>> {
    let known = dataset.snapshots.later_than(i64::MIN).into_iter();
    let row = |(deal_id, row): (&str, &crate::model::Snapshot)| {
        let values = row.values;
        let word = |sym| run.names.text(sym).map_or(Value::Null, Value::Text);
        let currency = run.names.get(values.currency);
        vec![
            deal_id.into(),
            Value::Instant(row.at),
            Value::Day(run.zone.day(row.at - 1)),
            word(values.pipeline),
            word(values.stage),
            word(values.owner),
            word(values.forecast_category),
            values.expected_close_on.map_or(Value::Null, Value::Day),
            values.amount_minor.map_or(Value::Null, |minor| major(minor, currency)),
            values.amount_minor.into(),
            word(values.currency),
        ]
    };
    known.filter(|(_, row)| row.at <= run.cut).map(row).collect()
}

const REJECTS: &[ColumnAbout] = &[
    column("file", Unit::Text, "The file."),
    column(
        "file_row",
        Unit::Count,
        "Row in the file, the header being row 1; 0 for the whole file.",
    ),
    column("file_column", Unit::Text, "Column by its header; null if the row was refused."),
    column("cell", Unit::Text, "The value as it stands in the file."),
    column("reason", Unit::Text, "Why it was refused, and what was expected."),
    column("is_row", Unit::Flag, "Whether the whole row was refused, not only the cell."),
];

fn rejects(dataset: &Dataset, _: &Run) -> Vec<Vec<Value>> {
    let row = |reject: &crate::model::Reject| {
        vec![
            Value::word(&reject.file),
            reject.row.into(),
            Value::word(&reject.column),
            Value::word(&reject.value),
            Value::word(&reject.reason),
            reject.is_row.into(),
        ]
    };
    dataset.rejects.iter().map(row).collect()
}

const QUALITY: &[ColumnAbout] = &[
    column("code", Unit::Text, "Code, such as `QH4`."),
    column("meaning", Unit::Text, "What it means and what was done."),
    column("entity", Unit::Text, "The table it was found in."),
    column("row_count", Unit::Count, "Rows concerned; of a code that deals carry, one a deal."),
    column("deal_count", Unit::Count, "Deals concerned."),
    column("sample_ids", Unit::Text, "The five smallest deal ids."),
];

fn quality(dataset: &Dataset, run: &Run) -> Vec<Vec<Value>> {
    let row = |count: &crate::model::QualityCount| {
        vec![
            count.code.code().into(),
            count.code.meaning().into(),
            Value::word(&count.table),
            count.rows.into(),
            count.deals.into(),
            Value::word(&count.sample_ids.join(" ")),
        ]
    };
    run.ledger(dataset).iter().map(row).collect()
}
