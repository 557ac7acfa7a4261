//! The section on forecasts in plain words: one sentence for each table that a decision hangs on.

use crate::report::book::Book;
use crate::report::format;
use crate::report::sheet::{Cells, Sheet};

/// Fewer forecasts than this are a sign, not a verdict.
const FEW: f64 = 8.0;

/// Lines of the waterfall in their order: the column's stem, and what it is called.
pub(super) const LINES: &[(&str, &str)] = &[
    ("opening", "Due at the start"),
    ("created", "Created"),
    ("pulled_in", "Pulled in from later"),
    ("rolled_in", "Rolled in from earlier"),
    ("dated_in", "Given a date"),
    ("reopened", "Reopened"),
    ("transferred_in", "Transferred in"),
    ("value_up", "Amounts raised"),
    ("value_down", "Amounts lowered"),
    ("pushed_out", "Pushed out"),
    ("moved_earlier", "Moved earlier"),
    ("undated_out", "Date taken away"),
    ("lost", "Lost"),
    ("won", "Won"),
    ("removed", "Deleted"),
    ("transferred_out", "Transferred out"),
    ("closing", "Due at the end"),
    ("residual", "Residual"),
];

/// Lines of the error bridge.
pub(super) const BRIDGE: &[(&str, &str)] = &[
    ("forecast", "Forecast"),
    ("slipped_out", "Slipped out"),
    ("lost", "Lost"),
    ("reversed", "Reversed"),
    ("removed", "Deleted or won earlier"),
    ("amount_change", "Change of amount"),
    ("currency", "Currency"),
    ("new", "New"),
    ("pulled_in", "Pulled in"),
    ("upgraded", "Upgraded"),
    ("reopened", "Reopened"),
    ("transferred", "Other pipeline"),
    ("actual", "Booked"),
    ("residual", "Residual"),
];

/// Said where forecasts of all pipelines stand with the first one.
pub(super) const KEPT: &str = "Forecasts that were kept name no pipeline: they stand here, and are compared with \
    the bookings of all pipelines.";

/// What the kinds of forecasts are.
pub(super) const KINDS: &str = "Stored: as it was kept; rebuilt: from the history of the deals. Commit and best case: \
    what was promised; weighted: amounts by win probability; landmark: by what became of earlier deals in the \
    same stage, judged for all reps at once, so that their errors make up for each other; the others are judged rep \
    by rep.";

/// Days to go.
pub(super) fn lead(sheet: Sheet<'_>, row: Cells<'_>) -> f64 {
    sheet.number(row, "lead_days").unwrap_or(0.0)
}

/// The row with the most days to go, and the one with the fewest but some; of forecasts that were kept
/// where there are any, else of rebuilt ones.
fn ends<'a>(sheet: Sheet<'a>, rows: &[Cells<'a>]) -> Option<(Cells<'a>, Cells<'a>)> {
    let by_lead = |a: &Cells<'_>, b: &Cells<'_>| lead(sheet, a).total_cmp(&lead(sheet, b));
    let stored = sheet.with(rows, "basis", "stored");
    let rows = if stored.is_empty() { rows } else { stored.as_slice() };
    let early = rows.iter().copied().max_by(by_lead)?;
    let late = rows.iter().copied().filter(|row| lead(sheet, row) > 0.0).min_by(by_lead)?;
    Some((early, late))
}

/// Whether deals that were open then are in the forecast; one of closed deals only is right by itself.
///
/// Of a rebuilt commit its yield counts the deals; the other kinds weigh open deals by chances, so that
/// without any error there were none.
pub(super) fn promises<'a>(book: &Book<'a>, sheet: Sheet<'_>, row: Cells<'_>) -> bool {
    if sheet.word(row, "forecast") != "commit" {
        return sheet.number(row, "wape") != Some(0.0);
    }
    let yields = book.sheet("forecast_attainment");
    let keys = ["pipeline", "owner", "currency", "basis", "category"].map(|key| match key {
        "category" => (yields.words(key), "commit"),
        key => (yields.words(key), sheet.word(row, key)),
    });
    let is_same = |other: &Cells<'a>| {
        keys.iter().all(|(word, wanted)| word(other) == *wanted)
            && lead(yields, other) == lead(sheet, row)
            && yields.span(other) == sheet.span(row)
    };
    let mut found = yields.table.rows.iter().map(Vec::as_slice).filter(is_same);
    found.next().is_none_or(|found| has_deals(yields, found))
}

/// Whether there were deals in the category; of forecasts that were kept nobody knows how many.
pub(super) fn has_deals(sheet: Sheet<'_>, row: Cells<'_>) -> bool {
    sheet.get(row, "n_won").is_null() || sheet.number(row, "n") != Some(0.0)
}

/// What is said of the rows of each currency, with its name in front where there are several.
pub(super) fn each<'a>(
    sheet: Sheet<'a>,
    rows: &[Cells<'a>],
    say: impl Fn(&[Cells<'a>]) -> Option<String>,
) -> Vec<String> {
    let all = currencies(sheet, rows);
    let named = |currency: &&str| {
        let words = say(&sheet.with(rows, "currency", currency))?;
        Some(if all.len() > 1 { format!("{currency}: {words}") } else { words })
    };
    all.iter().filter_map(named).collect()
}

/// The currencies of these rows.
pub(super) fn currencies<'a>(sheet: Sheet<'a>, rows: &[Cells<'a>]) -> Vec<&'a str> {
    let mut all: Vec<&str> = rows.iter().map(|row| sheet.word(row, "currency")).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What cannot be judged, and what would fill the gap.
pub(super) fn gaps(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Option<String> {
    let has = |reason: &str| rows.iter().any(|row| sheet.word(row, "reason") == reason);
    let fill = "A history of field changes beside the deals (`OpportunityHistory.csv` of Salesforce, or \
                `stage_history.csv` with a column `expected_close_on`) lets forecasts be rebuilt; `forecasts.csv` brings \
                those that were kept; from the first run on the nightly snapshots of deals tell them.";
    match (has("LK"), has("NA")) {
        (true, _) => Some(format!(
            "Rebuilt forecasts are left out where the history of expected closes is not known: today's dates contain the outcome. {fill}"
        )),
        (_, true) => Some(format!("The export tells no expected close. {fill}")),
        _ => None,
    }
}

/// How early the forecast can be trusted.
pub(super) fn accuracy(book: &Book<'_>, sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Option<String> {
    let of = |kind: &str| {
        let mut rows = sheet.with(rows, "forecast", kind);
        rows.retain(|row| promises(book, sheet, row));
        ends(sheet, &rows).map(|ends| (kind.to_owned(), ends))
    };
    let (kind, (early, late)) =
        of("commit").or_else(|| of("weighted")).or_else(|| of("landmark"))?;
    let bias = sheet.number(early, "bias")?;
    let side = match format::percent(bias.abs()) {
        none if none == format::percent(0.0) => "on balance what came".to_owned(),
        part if bias < 0.0 => format!("too little by {part}"),
        part => format!("too much by {part}"),
    };
    let percent = |row, name| sheet.number(row, name).map(format::percent);
    let then = if lead(sheet, late) < lead(sheet, early) {
        format!(
            "; {} days before the end it was off by {}",
            lead(sheet, late),
            percent(late, "wape")?
        )
    } else {
        String::new()
    };
    Some(format!(
        "{} days before the end of a quarter the {kind} forecast was off by {} of what was booked, and promised {side}{then}.",
        lead(sheet, early),
        percent(early, "wape")?,
    ))
}

/// The waterfall as a sum.
pub(super) fn balance(sheet: Sheet<'_>, row: Cells<'_>, lines: &[(&str, &str)]) -> String {
    let currency = sheet.word(row, "currency");
    let minor = |stem: &str| sheet.get(row, &format!("{stem}_minor")).as_i64().unwrap_or(0);
    // To the minor unit, so that the sum can be checked, unless no amount has any.
    let is_whole =
        lines.iter().all(|(stem, _)| format::major(minor(stem) as f64, currency).fract() == 0.0);
    let amount = |minor: i64, currency: &str| match is_whole {
        true => format!("{currency} {}", format::fixed(format::major(minor as f64, currency), 0)),
        false => format::exact_amount(minor, currency),
    };
    let mut sum = format!("{} due at the start", amount(minor("opening"), currency).trim());
    for (stem, label) in lines {
        let value = minor(stem);
        if value == 0 || ["opening", "closing", "residual"].contains(stem) {
            continue;
        }
        let sign = if value < 0 { '−' } else { '+' };
        let worth = amount(value.abs(), currency).replacen(currency, "", 1);
        sum += &format!(" {sign} {} {}", worth.trim(), label.to_lowercase());
    }
    format!(
        "{sum} = {} due at the end; residual {}.",
        amount(minor("closing"), currency).trim(),
        amount(minor("residual"), currency).trim()
    )
}

/// The rep whose commit lies furthest to one side; of forecasts that were kept where there are any.
pub(super) fn people(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Option<String> {
    let stored = sheet.with(rows, "basis", "stored");
    let mut rows = if stored.is_empty() { rows.to_vec() } else { stored };
    rows.retain(|row| sheet.word(row, "owner") != format::UNASSIGNED);
    let row = rows.first().copied().filter(|_| rows.len() > 1)?;
    let bias = sheet.number(row, "bias_minor").filter(|bias| *bias != 0.0)?;
    let side = if bias < 0.0 { "below" } else { "above" };
    let n = sheet.number(row, "n")?;
    let quarters = if n == 1.0 { "quarter" } else { "quarters" };
    let few = if n < FEW { "; so few are a sign and no verdict" } else { "" };
    Some(format!(
        "Among {} reps, the commit of {} lay furthest to one side: on average {} {side} what came, over {n} \
         {quarters}{few}.",
        rows.len(),
        format::word(sheet.word(row, "owner")),
        format::amount(bias.abs(), sheet.word(row, "currency")),
    ))
}

/// How much of commit came.
pub(super) fn attainment(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Option<String> {
    let (early, late) = ends(sheet, rows)?;
    let came = |row| sheet.number(row, "attainment").map(|share| format::fixed(share, 2));
    let then = if lead(sheet, late) < lead(sheet, early) {
        format!("; {} days before, {}", lead(sheet, late), came(late)?)
    } else {
        String::new()
    };
    Some(format!(
        "For each 1.00 committed {} days before the end of a quarter, {} was booked by its end{then}.",
        lead(sheet, early),
        came(early)?,
    ))
}

/// How many deals slip.
pub(super) fn slippage(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Option<String> {
    let row = rows.first().copied()?;
    Some(format!(
        "Of {} due at the start of a quarter {} ({}) slipped: still open at its end, worth {} then.",
        format::deals(sheet.number(row, "n_due")? as usize),
        sheet.shown(row, "n_slipped"),
        sheet.shown(row, "slip_rate"),
        sheet.shown(row, "slipped_minor"),
    ))
}

/// Whether the forecast is worth making.
pub(super) fn skill(sheet: Sheet<'_>, rows: &[Cells<'_>]) -> Option<String> {
    let best = |a: &&Cells<'_>, b: &&Cells<'_>| {
        let skill = |row| sheet.number(row, "skill").unwrap_or(f64::NEG_INFINITY);
        skill(a).total_cmp(&skill(b))
    };
    let earliest = rows.iter().map(|row| lead(sheet, row)).fold(0.0, f64::max);
    // Without any error nothing but closed deals was in the forecast.
    let has_erred = |row: &Cells<'_>| sheet.number(row, "mae_model_minor") != Some(0.0);
    let is_early = |row: &&Cells<'_>| lead(sheet, row) == earliest && has_erred(row);
    let early: Vec<&Cells<'_>> = rows.iter().filter(is_early).collect();
    let is_sure = |row: &&Cells<'_>| sheet.word(row, "status") != "SN";
    let sure = early.iter().copied().filter(is_sure);
    let which = match sure.clone().count() {
        0 => "",
        n if n < early.len() => " that can be judged",
        _ => "",
    };
    let row = sure.max_by(best).or_else(|| early.iter().copied().max_by(best)).copied()?;
    let skill = sheet.number(row, "skill")?;
    let base = match sheet.word(row, "baseline") {
        "same_period_last_year" => "repeating the same quarter of last year",
        _ => "repeating the last quarter",
    };
    let name = format!(
        "{} forecast ({})",
        sheet.word(row, "forecast").replace('_', " "),
        sheet.word(row, "basis")
    );
    let doubt = doubt(sheet, row);
    Some(match skill > 0.0 {
        true => format!(
            "With {earliest} days to go the best forecast{which}, the {name}, has an error {} smaller than {base}{doubt}.",
            format::percent(skill)
        ),
        false => format!(
            "With {earliest} days to go no forecast{which} beats {base}: the best, the {name}, has an error {} larger{doubt}.",
            format::percent(-skill)
        ),
    })
}

/// Why a skill may be chance: few comparisons, or an interval with 0 in it; empty where it is neither.
fn doubt(sheet: Sheet<'_>, row: Cells<'_>) -> String {
    let pairs = sheet.number(row, "n_pairs").unwrap_or(0.0);
    match sheet.limits(row) {
        _ if pairs < FEW => match pairs {
            1.0 => "; one comparison is a sign and no verdict".to_owned(),
            _ => format!("; {pairs} comparisons are a sign and no verdict"),
        },
        Some((lower, upper)) if lower <= 0.0 && upper >= 0.0 => "; that may be chance".to_owned(),
        _ => String::new(),
    }
}
