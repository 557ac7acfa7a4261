//! Which file is what: the first mapping whose fingerprint a file bears, and its columns.
//!
//! Looks at the beginning of a file only.

use super::begin::begin;
use super::clock;
use super::columns::{Col, Entity};
use super::doing;
use super::field_log;
use super::fit;
use super::groups;
use super::header;
use super::heads::{Head, heads};
use super::input::Input;
use super::kind::{Called, find, is_better_known, is_called_otherwise, lacking, recognises, wide};
use super::likely::{FirstDeals, Table};
use super::mapping::{FileMapping, Mapping};
use super::plan::{ABSENT, Plan};
use super::scan::Form;
use super::seen::Forms;
use super::settle;
use crate::error::Result;
use crate::model::Config;

/// Words in lower case, at the place of their length.
fn by_length(words: &[String]) -> Vec<Vec<String>> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let longest = words.iter().map(String::len).max();
    let of = |length| words.iter().filter(|word| word.len() == length).cloned().collect();
    (0..=longest.unwrap_or(0)).map(of).collect()
}

/// What a file turned out to be.
pub(super) enum Detected {
    /// A file that is known, and how it is to be read.
    Known(Box<Plan>),
    /// A table whose headers are not known; none if it is no text table. Then what it lacks to be what
    /// it is called, if it is called like a known kind of file.
    Unknown(Vec<String>, Option<String>),
}

/// The plan of `input`, by the first row that is a header which a mapping knows.
///
/// Errors: the file cannot be read.
pub(super) fn detect(input: &Input, mappings: &[Mapping], config: &Config) -> Result<Detected> {
    if !input.is_table() {
        return Ok(Detected::Unknown(Vec::new(), None));
    }
    let called = Called::of(input);
    let mut beginning = begin(input)?;
    let filled = groups::fill(input, &beginning)?;
    if let Some(filled) = &filled {
        beginning = begin(&filled.input)?;
    }
    let table = filled.as_ref().map_or(input, |filled| &filled.input);
    for (head, rows) in heads(&beginning) {
        let Head { folded, headers, .. } = &head;
        for mapping in mappings {
            for file in &mapping.files {
                let Some(why) = recognises(file, folded, headers, called) else {
                    continue;
                };
                let place = |col| find(file, col, folded);
                let is_other = || is_called_otherwise(mapping, folded, headers, called);
                if file.has_none.iter().any(|h| folded.has(h)) || file.has_moves && is_other() {
                    continue;
                }
                if is_better_known(file, mappings, folded) {
                    continue;
                }
                let is_list = file.lists_have.iter().any(|h| folded.has(h));
                let is_in_doubt = file.has_moves || is_list;
                let places = [Col::DealId, Col::Stage, Col::ChangedAt].map(place);
                if is_in_doubt && !fit::has_moves(&rows, places) {
                    continue;
                }
                let mut plan = plan(table, mapping, file, why, head, beginning.form);
                plan.said.extend(filled.as_ref().map(|filled| filled.said.clone()));
                return Ok(Detected::Known(Box::new(settled(plan, &rows, config))));
            }
        }
    }
    let headers = beginning.likely_header().to_vec();
    let lacks = lacking(mappings, &headers, called);
    Ok(Detected::Unknown(headers, lacks))
}

/// The plans of a table that no mapping knows, one for each of these that it holds by its columns (see
/// [`super::likely`]).
///
/// Errors: the file cannot be read.
pub(super) fn by_columns(
    input: &Input,
    entities: &[Entity],
    deals: &FirstDeals,
    (mappings, config): (&[Mapping], &Config),
) -> Result<Vec<Plan>> {
    let beginning = begin(input)?;
    let plan_of = |&entity: &Entity| {
        let files =
            mappings.iter().flat_map(|mapping| mapping.files.iter().map(move |f| (mapping, f)));
        let mut files = files.filter(|(_, file)| file.entity == entity && file.is_told_by_columns);
        files.find_map(|(mapping, file)| {
            heads(&beginning).find_map(|(head, rows)| {
                let why =
                    Table { folded: &head.folded, headers: &head.headers, rows: &rows, deals }
                        .is_of(file)?;
                let plan = plan(input, mapping, file, why, head, beginning.form);
                Some(settled(plan, &rows, config))
            })
        })
    };
    Ok(entities.iter().filter_map(plan_of).collect())
}

/// A plan with what the first rows tell.
fn settled(mut plan: Plan, rows: &[&[String]], config: &Config) -> Plan {
    fit::columns(&mut plan, rows, config);
    settle::plan(&mut plan, rows, config.source_dates, &config.currency);
    plan.lasting = fit::lasting(&plan, rows, config);
    plan
}

fn plan(
    input: &Input,
    mapping: &Mapping,
    file: &FileMapping,
    why: String,
    head: Head,
    form: Form,
) -> Plan {
    let (folded, called) = (&head.folded, Called::of(input));
    let at = |name: &String| folded.find(std::slice::from_ref(name), None);
    let index = |&col: &Col| find(file, col, folded).map_or(ABSENT, |at| at as u16);
    let stage = |text| header::entered_stage(text, &file.entered_starts);
    let entered = head.headers.iter().enumerate().filter_map(|(at, h)| Some((at, stage(h)?)));
    let mut file = file.clone();
    file.skip.retain(|skip| at(&skip.header).is_some());
    let kind_by_name =
        doing::kind_of_file(input.stem()).filter(|_| file.entity == Entity::Activities);
    if let Some(kind) = kind_by_name.filter(|_| find(&file, Col::Kind, folded).is_none()) {
        file.defaults.insert(Col::Kind.name().to_owned(), kind.to_owned());
    }
    if let Some(field) = find(&file, Col::Field, folded) {
        file.skip.push(field_log::others(&file, head.headers[field].clone()));
    }
    Plan {
        input: input.clone(),
        crm: mapping.name.clone(),
        entity: file.entity,
        why,
        form,
        header_at: head.number,
        order: None,
        zone: mapping.zone,
        percent: mapping.percent,
        decimal: mapping.decimal_of(form),
        unit: None,
        utc: 0,
        forms: Forms::open(mapping.decimal_of(form), mapping.percent),
        said: Vec::new(),
        nulls: by_length(&mapping.nulls),
        skip: file.skip.iter().map(|skip| at(&skip.header)).collect(),
        infer: file
            .infer
            .iter()
            .filter_map(|i| Some((Col::find(&i.gives)?, at(&i.header))))
            .collect(),
        given: given(&file),
        wide: wide(&file, folded, &head.headers, called),
        year: called.year(),
        lasting: None,
        kind_by_name,
        zeros: 0,
        entered: entered.collect(),
        clocks: clock::declared(|col| find(&file, col, folded)),
        are_months: false,
        file,
        columns: Col::ALL.iter().map(index).collect(),
        headers: head.headers,
    }
}

/// Columns that a mapping infers or has a default for, as bits.
fn given(file: &FileMapping) -> u128 {
    let names = file.infer.iter().map(|infer| &infer.gives).chain(file.defaults.keys());
    names.filter_map(|name| Col::find(name)).fold(0, |bits, col| bits | 1 << col as u8)
}

#[cfg(test)]
mod tests {
    use super::super::convert::DayOrder;
    use super::super::decode::Encoding;
    use super::super::sources;
    use super::*;

    fn plan_of(name: &str, text: &[u8]) -> Option<Box<Plan>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let found = super::super::read::find(folder.path()).unwrap();
        match detect(&found.inputs[0], &sources::load(None).unwrap(), &Config::default()).unwrap() {
            Detected::Known(plan) => Some(plan),
            Detected::Unknown(..) => None,
        }
    }

    fn label(name: &str, text: &str) -> String {
        plan_of(name, text.as_bytes())
            .map_or("none".to_owned(), |p| format!("{} {}", p.crm, p.entity.as_str()))
    }

    #[test]
    fn files_are_recognised_by_headers_or_name() {
        for (name, text, expected) in [
            ("Opportunity.csv", "Id,StageName,IsWon,CloseDate\n", "salesforce deals"),
            (
                "x.csv",
                "OpportunityId,StageName,ForecastCategory,SystemModstamp,CreatedDate\n",
                "salesforce stage_history",
            ),
            ("Event.csv", "Id,WhatId,ActivityDateTime\n", "salesforce activities"),
            ("x.csv", "Record ID,Deal Stage,\"Date entered \"\"A (B)\"\"\"\n", "hubspot deals"),
            ("x.csv", "Deal ID,Deal Name,Deal owner,Create Date\n", "hubspot deals"),
            ("x.csv", "Deal ID;Deal Name;Deal Stage;Status;Deal Value;Created\n", "generic deals"),
            ("x.csv", "Deal ID,Deal Name,Amount,Created\n", "generic deals"),
            ("deals.csv", "Deal - ID;Deal - Status\n", "pipedrive deals"),
            ("x.csv", "Negócio - ID,Negócio - Status\n", "pipedrive deals"),
            ("deals.csv", "deal_id,created_at,status\n", "generic deals"),
            ("sales.csv", "Opportunity ID,Deal Stage,engage_date\n", "generic deals"),
            ("stage_history.csv", "deal_id,stage,entered_at\n", "generic stage_history"),
            ("log.csv", "deal_id,from_stage,to_stage,at\n", "generic stage_changes"),
            ("x.csv", "Case ID,Activity,Complete Timestamp,Resource\n", "generic stage_history"),
            ("x.csv", "case:concept:name,concept:name,time:timestamp\n", "generic stage_history"),
            ("activities.csv", "case_id,activity,timestamp\n", "generic activities"),
            ("x.csv", "activity_type,deal_id,case_id,timestamp\n", "generic activities"),
            ("CaseHistory.csv", "Id,CaseId,Field,OldValue,NewValue,CreatedDate\n", "none"),
            ("products.csv", "product,series,sales_price\n", "none"),
            ("deals.csv", "", "none"),
            ("notes.md", "deal_id,created_at,status\n", "none"),
        ] {
            assert_eq!(label(name, text), expected, "{name}: {text}");
        }
    }

    #[test]
    fn delimiters_encodings_and_repeated_headers() {
        let plan = plan_of("deals.csv", b"deal_id;status;note;note\n1;won;a,b,c;\xDF\n").unwrap();
        assert_eq!((plan.form.delimiter, plan.form.encoding), (b';', Encoding::WESTERN));
        assert_eq!(plan.headers, ["deal_id", "status", "note", "note#2"]);
        assert_eq!(
            plan_of("deals.csv", b"deal_id\tstatus\n1\twon\n").unwrap().form.delimiter,
            b'\t'
        );
    }

    #[test]
    fn day_and_month_are_told_from_a_sample() {
        let order = |text: &str| {
            let plan = plan_of("deals.csv", text.as_bytes()).unwrap();
            (plan.forms.order, plan.order.is_some())
        };
        let head = "deal_id,created_at\n1,02/03/2026\n";
        assert_eq!(order(head), (DayOrder::MonthFirst, false));
        assert_eq!(order(&format!("{head}2,13/01/2026\n")), (DayOrder::DayFirst, true));
    }
}
