//! The commented `sluice.toml` that `sluice init` writes from what it found.

use std::fmt::Write;

use super::super::Ingested;
use crate::model::{Basis, Config, PeriodTable, StageKind, UNKNOWN_STAGE};

/// Keys of exchange rates and of credit.
const MONEY: &str = "\
    # Amounts are converted to this currency where there are exchange rates (`fx.csv`), each at the rate of\n\
    # its day, or with `constant` all at that of one day.\n\
    # base_currency = \"EUR\"\n# fx_policy = \"rate_date\"\n# fx_constant_date = \"2026-06-30\"\n\
    # Who is credited with a deal: at_close, created_by, current or split_time.\n\
    # credit_rule = \"at_close\"\n";

/// Keys of stale deals.
const STALE: &str = "\
    # Days without activity after which a deal is idle; `idle_days` of a [[pipeline]] has them by stage.\n\
    # idle_days = 14\n\
    # What makes a deal stale: any of these signs, or several joined by `and`.\n\
    # stale_when = [\"over_stage_age\", \"no_activity and no_next_step\"]\n";

const FISCAL: &str = "\
    # It is called after the year in which it `ends`; `starts`: in which it starts.\n\
    # fiscal_label = \"starts\"\n";

/// The text of a configuration that says what was found and assumed, to be corrected by the team.
pub fn suggest_config(ingested: &Ingested, config: &Config) -> String {
    let mut text = String::from(
        "# How sluice reads your pipeline. Everything here was found or assumed: correct what is wrong.\n",
    );
    for assumption in &ingested.dataset.assumptions {
        for line in assumption.lines() {
            let _ = writeln!(text, "# - {}", line.replace(char::is_control, " "));
        }
    }
    let _ = write!(
        text,
        "\n# Zone in which days begin (IANA name).\nreport_tz = {}\n\
         # Zone of times in the export that carry none; without it the CRM's own rule holds.\n\
         # source_tz = \"Europe/Berlin\"\n\
         # Order in dates such as 02/03/2026 and 24-03-05 (`year_first`); without it those of each file tell.\n\
         # source_dates = \"day_first\"\n\
         # Currency of amounts that carry none.\ncurrency = {}\n\
         # Durations in whole days by default; `elapsed` counts milliseconds.\n# clock = \"elapsed\"\n\
         # First month of the fiscal year; 4-4-5 weeks and such: `periods.csv`.\nfiscal_year_start_month = {}\n{FISCAL}\
         # What makes a segment: deal_type, product, currency, forecast_category, amount_band.\n\
         segment = {}\n\
         # Days off besides Saturdays and Sundays.\n# holidays = [\"2026-12-25\"]\n\
         # Chance with which an assured volume must suffice for a goal; latest deals of the playbook.\n\
         # assurance = 0.80\n# playbook_n = 20\n\
         # A day with so many activities of these types (none: all) counts in a streak; \"extend\" counts\n\
         # active days off too.\n# streak_min = 1\n# streak_types = []\n# weekend_counts = \"ignore\"\n\
         # Cut points of deal sizes, in major units, ascending; reps are compared on the same mix of sizes.\n\
         # amount_bands = [1000, 10000, 100000]\n\
         # Cells of the lattice on which the chance of a booking goal is worked out.\n\
         # lattice_cells = 65536\n\
         # Most points from activities of one type, or of one day; days after which they are worth half.\n\
         # score_cap_per_type = 100\n# score_cap_per_day = 50\n# score_half_life_days = 30\n\
         # Days within which a deal must be won for its score to have been right.\n\
         # score_horizon_days = 90\n\
         # `paid`: won when payments reach that share of the amount; until then open, at so many basis points.\n\
         # win_event = \"paid\"\n# paid_threshold = 1.0\n# awaiting_payment_bp = 9500\n\
         {MONEY}{STALE}\
         # What the report shows of the last 90 days beside those 13 weeks earlier (all of them by default).\n\
         # trend_columns = [\"new_deals\", \"win_rate\", \"bookings_minor\"]\n\
         # Which rule of conversion from stage to stage is shown first (`sluice sensitivity` shows all).\n\
         # conversion_policy = \"reached_or_beyond\"\n\
         # Days in a stage by `visit`, or all visits of a `deal`.\n# stage_duration_unit = \"visit\"\n\
         # Categories of kept forecasts: `cumulative` (best case holds commit, both hold what is won) or `single`.\n\
         # category_rollup = \"cumulative\"\n\
         # Days before the end of a quarter on which its forecast is looked at, and how many quarters back.\n\
         # forecast_leads = [90, 60, 30, 14, 7, 0]\n\
         # forecast_periods = 8\n\
         # Points for activities, each a [[score]] of its own; none means no scores.\n\
         # [[score]]\n# type = \"email\"\n# outcome = \"replied\"\n# points = 20\n\
         \n# Goals: wins of each pipeline (0: the targets of the export hold), activities of each rep.\n\
         # [goals]\n# wins = 20\n# period = \"month\"\n# pipelines = {{ \"Renewals\" = 5 }}\n\
         # activities_per_day = {{ call = 40, total = 60 }}\n# activities_per_week = {{ meeting = 5 }}\n",
        quoted(&config.report_tz),
        quoted(&config.currency),
        config.fiscal_start(PeriodTable::first_month_told(&ingested.dataset.periods)),
        quoted(&config.segment),
    );
    write_pipelines(&mut text, ingested);
    text
}

fn write_pipelines(text: &mut String, ingested: &Ingested) {
    let dataset = &ingested.dataset;
    for pipeline in dataset.catalogue.pipelines() {
        let _ = write!(text, "\n[[pipeline]]\nname = {}\n", quoted(dataset.names.get(pipeline)));
        write_pipeline(text, ingested, pipeline);
    }
}

/// The text of a preset, and below it what the exports hold that it does not name.
pub fn suggest_beside_preset(ingested: &Ingested, config: &Config, preset: &str) -> String {
    let mut text = preset.to_owned();
    let dataset = &ingested.dataset;
    let fold = |word: &str| word.trim().to_lowercase();
    let named: Vec<String> = (config.pipeline.iter())
        .flat_map(|p| p.stages.iter().chain(&p.won_stages).chain(&p.lost_stages))
        .map(|stage| fold(stage))
        .collect();
    let mut unknown: Vec<&str> =
        dataset.catalogue.stages.iter().map(|stage| dataset.names.get(stage.name)).collect();
    unknown.retain(|name| !named.contains(&fold(name)) && !name.starts_with("__"));
    unknown.retain(|name| !["won", "lost"].contains(&fold(name).as_str()));
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        text.push_str(
            "# The exports hold these stages too. Say which stage each one is, or make it one above.\n",
        );
        for stage in unknown {
            let _ = writeln!(text, "# {} = \"\"", quoted(stage));
        }
    }
    text
}

fn write_pipeline(text: &mut String, ingested: &Ingested, pipeline: crate::model::Sym) {
    let dataset = &ingested.dataset;
    let stages: Vec<_> = dataset
        .catalogue
        .of(pipeline)
        .map(|(_, stage)| stage)
        .filter(|stage| dataset.names.get(stage.name) != UNKNOWN_STAGE)
        .collect();
    let open: Vec<_> =
        stages.iter().filter(|s| s.kind == StageKind::Open && s.order.is_some()).collect();
    let basis = open.iter().map(|s| s.order_basis).max().unwrap_or(Basis::Declared);
    let _ = writeln!(text, "# Open stages, first to last (the order is {}).", basis.as_str());
    let list = |wanted: &mut dyn Iterator<Item = crate::model::Sym>| {
        let names: Vec<String> = wanted.map(|name| quoted(dataset.names.get(name))).collect();
        format!("[{}]", names.join(", "))
    };
    let _ = writeln!(text, "stages = {}", list(&mut open.iter().map(|s| s.name)));
    let unordered: Vec<_> =
        stages.iter().filter(|s| s.kind == StageKind::Open && s.order.is_none()).collect();
    if !unordered.is_empty() {
        let names = list(&mut unordered.iter().map(|s| s.name));
        let _ =
            writeln!(text, "# Stages without a place, moves to and from them are lateral: {names}");
    }
    let known: Option<Vec<String>> = open
        .iter()
        .map(|s| s.probability_bp.map(|bp| format!("{}.{:04}", bp / 10_000, bp % 10_000)))
        .collect();
    match known.filter(|list| !list.is_empty()) {
        Some(list) => {
            let _ =
                writeln!(text, "# Win probability of each.\nprobabilities = [{}]", list.join(", "));
        }
        None => text.push_str(
            "# Win probability of each, 0 to 1; the export has none.\n# probabilities = []\n",
        ),
    }
    text.push_str(
        "# Touches that a deal should get in each.\n# touch_goals = []\n\
         # The skill that a low conversion out of each points to.\n# skills = []\n",
    );
    for (key, kind) in [("won_stages", StageKind::Won), ("lost_stages", StageKind::Lost)] {
        let of_kind = list(&mut stages.iter().filter(|s| s.kind == kind).map(|s| s.name));
        let _ = writeln!(text, "{key} = {of_kind}");
    }
}

/// A TOML string in one line, so that it may stand in a comment too.
fn quoted(word: &str) -> String {
    serde_json::Value::from(word).to_string().replace('\u{7F}', "\\u007F")
}
