//! The rows of the small tables: users, accounts, stages, payments, names of ids.

use std::collections::BTreeMap;

use super::catalogue::words;
use super::cells::Record;
use super::columns::Col;
use super::context::{Context, Link};
use super::part::{Bad, Part};
use super::status;
use super::words::fixed_hash;
use crate::model::{Account, Payment, StageKind, User};

/// The text of a cell; empty without one.
pub(super) fn owned(record: &Record<'_>, col: Col) -> String {
    record.text(col).map_or_else(String::new, |text| text.into_owned())
}

/// The text of a cell without which the row is refused.
pub(super) fn needed(record: &Record<'_>, col: Col, reason: &str) -> Result<String, Bad> {
    match record.text(col) {
        Some(text) => Ok(text.into_owned()),
        None => Err(record.bad(col, "", reason, true)),
    }
}

/// A row of a users file.
pub(super) fn user(record: &Record<'_>, part: &mut Part<User>, _: &Context<'_>) -> Result<(), Bad> {
    let user_id = needed(record, Col::UserId, "a user needs an id")?;
    let names = [owned(record, Col::FirstName), owned(record, Col::LastName)];
    let full = names.join(" ").trim().to_owned();
    let name = if full.is_empty() { owned(record, Col::Name) } else { full };
    let user = User {
        name: if name.is_empty() { user_id.clone() } else { name },
        user_id,
        team: owned(record, Col::Team),
        email: owned(record, Col::Email),
        is_active: part.cell(record.flag(Col::IsActive)),
        started_on: part.cell(record.date(Col::StartedOn)),
    };
    part.rows.push(user);
    Ok(())
}

/// A row of an accounts file.
pub(super) fn account(
    record: &Record<'_>,
    part: &mut Part<Account>,
    _: &Context<'_>,
) -> Result<(), Bad> {
    let account_id = needed(record, Col::AccountId, "an account needs an id")?;
    let name = owned(record, Col::Name);
    let industry = owned(record, Col::Industry);
    part.rows.push(Account { account_id, name, industry });
    Ok(())
}

/// A row of a stages file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StageRow {
    /// The stage.
    pub(super) stage: String,
    /// Its id; empty if it has none.
    pub(super) id: String,
    /// Its pipeline; empty for all.
    pub(super) pipeline: String,
    /// Its place.
    pub(super) order: Option<i64>,
    /// Its probability.
    pub(super) probability_bp: Option<u32>,
    /// Closed, and won.
    pub(super) flags: (Option<bool>, Option<bool>),
}

/// A row of a stages file; see [`super::part::RowParser`].
pub(super) fn stage(
    record: &Record<'_>,
    part: &mut Part<StageRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let stage = needed(record, Col::Stage, "a stage needs a name")?;
    let kind = record.text(Col::Kind).map(|text| status::plain_words(&text.to_lowercase()));
    let flags = match kind.as_deref().map(|kind| (kind, words::settled(kind))) {
        Some((_, Some(StageKind::Won))) => (Some(true), Some(true)),
        Some((_, Some(StageKind::Lost))) => (Some(true), Some(false)),
        Some(("open", _)) => (Some(false), Some(false)),
        _ => status::flags(record, part),
    };
    let row = StageRow {
        stage: context.config.stage_aliases.get(&stage).cloned().unwrap_or(stage),
        id: owned(record, Col::Id),
        pipeline: owned(record, Col::Pipeline),
        order: part.cell(record.count(Col::StageOrder)).map(i64::from),
        probability_bp: part.cell(record.probability(Col::Probability)),
        flags,
    };
    part.rows.push(row);
    Ok(())
}

/// A name of an id.
pub(super) fn named_id(
    record: &Record<'_>,
    part: &mut Part<(String, String)>,
    _: &Context<'_>,
) -> Result<(), Bad> {
    let id = needed(record, Col::Id, "a row needs an id")?;
    let name = needed(record, Col::Name, "a row needs a name")?;
    part.rows.push((id, name));
    Ok(())
}

/// Whether a payment of this kind goes back to the customer.
fn goes_back(kind: &str) -> bool {
    const BACK: [&str; 6] =
        ["refund", "chargeback", "charge back", "credit note", "reversal", "dispute"];
    let kind = kind.to_lowercase().replace(['_', '-'], " ");
    BACK.iter().any(|back| kind.contains(back))
}

/// A row of a payments file, and the hash of its id, 0 if it has none. Without a currency it is in that
/// of its deal.
pub(super) fn payment(
    record: &Record<'_>,
    part: &mut Part<(Payment, u64)>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let id = needed(record, Col::DealId, "a payment needs a deal")?;
    let deal = match part.deal(&id, context) {
        Link::Deal(deal) => deal,
        Link::LeftOut => {
            part.leave_out();
            return Ok(());
        }
        Link::Unknown => return Err(record.bad(Col::DealId, &id, "no deal has this id", true)),
    };
    let Some((paid_at, _)) = record.time(Col::PaidAt)? else {
        return Err(record.bad(Col::PaidAt, "", "a payment needs a date", true));
    };
    let own = record.currency()?;
    let currency = own.unwrap_or_else(|| context.currency_of(deal).into()).into_owned();
    let Some(amount) = record.money(Col::Amount, &currency)? else {
        return Err(record.bad(Col::Amount, "", "a payment needs an amount", true));
    };
    let goes_back = record.text(Col::Kind).is_some_and(|kind| goes_back(&kind));
    let refunded = part.cell(record.money(Col::Refunded, &currency)).map_or(0, i64::saturating_abs);
    let amount = amount.saturating_sub(refunded);
    let amount_minor = if goes_back { amount.saturating_abs().saturating_neg() } else { amount };
    let deal_id = context.deals.ids.get(deal as usize).to_owned();
    let event = record.text(Col::EventId).as_deref().map_or(0, fixed_hash);
    part.rows.push((Payment { deal_id, paid_at, amount_minor, currency }, event));
    Ok(())
}

/// Names by id; of several for one id the last in the order of names.
pub(super) fn add_names(names: &mut BTreeMap<String, String>, rows: Vec<(String, String)>) {
    for (id, name) in rows {
        let known = names.entry(id).or_default();
        if name > *known {
            *known = name;
        }
    }
}
