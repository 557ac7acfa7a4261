//! Tables that refer to deals and are none of deals: quotes, orders, tickets, line items, roles, notes.

use super::columns::{Col, Entity};
use super::header;
use super::plan::Plan;

/// What things are called that belong to a deal, one of each.
const CHILDREN: &str = "activity|activities|task|call|meeting|email|event|interaction|touch|touche|touchpoint|\
    engagement|appointment|note|comment|message|attachment|document|file|quote|quotation|order|invoice|payment|\
    transaction|receipt|refund|charge|credit|expense|cost|contract|subscription|renewal|ticket|case|issue|project|\
    item|lineitem|product|competitor|partner|member|contactrole|role|split|commission|shipment|approval|contact";

/// What logs are called, of which a table of deals may be one that says no more than they do.
const LOGS: &str = "history|log|change|move|transition|movement|audit";

/// Those whose ids no row of deals has.
const DOINGS: &str = "activity|task|call|meeting|email|event|interaction|touch|engagement";

/// What stands in the header of an id or a number of things of their own.
const MARKS: [&str; 7] = ["id", "number", "no", "nr", "#", "key", "uuid"];

/// Ids of these tell nothing: rows of deals have them too.
const OTHERS: &str = "deal|opportunity|opp|record|crm|account|company|customer|client|organization|organisation|org|\
    contact|person|people|lead|owner|user|rep|agent|sales|pipeline|stage|source|campaign|parent|created|\
    modified|assigned|team|territory|external|row|legacy|primary|partner|product|segment|region|currency|\
    mql|seller|sdr|sr|case|business";

/// The words of a header or a name: `OpportunityContactRole` has three.
fn words(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut before = ' ';
    for letter in text.chars() {
        let is_between = matches!(letter, ' ' | '_' | '-' | '.' | '/' | '(' | ')');
        if is_between || letter.is_uppercase() && before.is_lowercase() {
            found.push(String::new());
        }
        if let Some(word) = found.last_mut().filter(|_| !is_between) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    found.retain(|word| !word.is_empty());
    found
}

/// Whether a header is that of an id of the row's own: `Id`, or `Quote Number`.
fn is_own_id(text: &str) -> bool {
    let words = words(text);
    let Some((mark, named)) = words.split_last() else { return false };
    MARKS.contains(&mark.as_str()) && !named.first().is_some_and(|word| header::is_in(OTHERS, word))
}

/// Why a file that is read as deals seems to hold what belongs to deals: it has ids of its own before those
/// of deals, or it is called so.
pub(super) fn why(plan: &Plan) -> Option<String> {
    let deal = plan.index(Col::DealId).filter(|_| plan.file.may_refer)?;
    if plan.entity != Entity::Deals || plan.has_names_for_ids() || !refers(plan, deal) {
        return None;
    }
    let named = words(plan.input.stem());
    let is_one_of = |list, word: &str| {
        header::is_in(list, word.strip_suffix('s').unwrap_or(word)) || header::is_in(list, word)
    };
    let is_bare = is_bare(plan);
    let is_called = |list| named.iter().any(|word| is_one_of(list, word));
    let name = || {
        let is_child = is_called(CHILDREN);
        let of_log = match is_child || plan.has(Col::CreatedAt) {
            true => "",
            false => ", that of a log, of which no column tells when (`changed_at`)",
        };
        (is_child || is_bare && is_called(LOGS)).then(|| format!("its name{of_log}"))
    };
    let is_anywhere = |header: &&String| {
        let words = words(header);
        let is_of_doing = words.first().is_some_and(|word| header::is_in(DOINGS, word));
        header::fold(header) == "id" || words.len() == 2 && is_of_doing
    };
    let before = plan.headers.get(..deal).unwrap_or_default().iter();
    let own =
        before.chain(plan.headers.iter().filter(is_anywhere)).find(|header| is_own_id(header));
    own.map(|header| format!("its own ids in `{header}`")).or_else(name)
}

/// Whether a table of deals says no more of them than a log of stages, or of activities, does.
pub(super) fn is_bare(plan: &Plan) -> bool {
    const MORE: [Col; 3] = [Col::Amount, Col::ClosedAt, Col::ExpectedCloseOn];
    plan.entity == Entity::Deals && !MORE.into_iter().any(|col| plan.has(col))
}

/// Whether the id of a deal stands in a column that tells it from the row's own: `Deal ID`, not `ID`.
fn refers(plan: &Plan, deal: usize) -> bool {
    plan.headers.get(deal).is_some_and(|header| {
        let header = header::fold(header);
        let begins = ["deal", "opportunity", "opp"].iter().any(|word| header.starts_with(word));
        begins && !["deal", "opportunity"].contains(&header.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_ids_are_told_from_those_of_others() {
        for header in
            ["Id", "Quote ID", "Invoice Number", "Ticket No.", "order_no", "OrderId", "uuid", "#"]
        {
            assert!(is_own_id(header), "{header}");
        }
        for header in
            ["Account ID", "OwnerId", "opportunity_id", "Deal - ID", "mql_id", "Amount", ""]
        {
            assert!(!is_own_id(header), "{header}");
        }
        assert_eq!(words("OpportunityContactRole"), ["opportunity", "contact", "role"]);
        assert_eq!(words("Quotes (1)"), ["quotes", "1"]);
    }
}
