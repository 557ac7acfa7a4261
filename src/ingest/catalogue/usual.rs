//! Where a stage usually stands, by its name: for exports that tell no order and no moves.
//!
//! Sequences that CRMs set up come first; else each name is looked through for words of the
//! steps that sales methods share. A guess, so it is asked last, and said.

use super::words::{folded, is_word};

/// The open stages that CRMs set up, first to last, folded by [`folded`].
const SET_UP: &[&[&str]] = &[
    // Salesforce; Zoho has six of them.
    &[
        "prospecting",
        "qualification",
        "needs analysis",
        "value proposition",
        "id decision makers",
        "identify decision makers",
        "perception analysis",
        "proposal price quote",
        "negotiation review",
    ],
    // HubSpot.
    &[
        "appointment scheduled",
        "qualified to buy",
        "presentation scheduled",
        "decision maker bought in",
        "contract sent",
    ],
    // Pipedrive.
    &[
        "lead in",
        "qualified",
        "contact made",
        "demo scheduled",
        "proposal made",
        "negotiations started",
    ],
    // Dynamics 365.
    &["qualify", "develop", "propose", "close"],
];

/// Words of each step, first to last; a trailing `*` stands for any ending.
const STEPS: &[&[&str]] = &[
    &["new", "lead*", "prospect*", "suspect*", "inbound", "incoming", "neu", "nuevo", "nouveau"],
    &["contact*", "engag*", "connect*", "attempt*", "kontakt*", "approach*"],
    &["qualif*", "discovery", "appointment", "meeting", "termin", "reunion"],
    &["needs"],
    &["demo*", "present*", "evaluat*", "trial", "pilot", "poc", "test"],
    &["propos*", "quot*", "offer*", "angebot*", "propuesta", "devis", "offre"],
    &["negotiat*", "verhandl*", "negocia*", "negociation", "trattativa", "legal"],
    &["contract*", "commit*", "verbal*", "closing", "vertrag*", "contrat*", "signature"],
];

/// The same for scripts without blanks: parts of a name.
const STEP_PARTS: &[&[&str]] = &[
    &["线索", "潜在"],
    &["接触", "接洽", "联系"],
    &["需求", "意向"],
    &[],
    &["演示", "试用"],
    &["方案", "报价"],
    &["谈判", "商务"],
    &["合同", "签约"],
];

/// The usual place of each of `names`; null where one has none, or all have the same.
pub(super) fn places(names: &[&str]) -> Option<Vec<usize>> {
    let words: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let by_set_up = SET_UP.iter().find_map(|sequence| {
        words.iter().map(|word| sequence.iter().position(|stage| stage == word)).collect()
    });
    let found: Vec<usize> = match by_set_up {
        Some(found) => found,
        None => words.iter().map(|word| step(word)).collect::<Option<_>>()?,
    };
    (found.iter().min() < found.iter().max()).then_some(found)
}

/// The last step of which the name has a word: a review of proposals follows them.
fn step(words: &str) -> Option<usize> {
    let has = |word: &&str| words.split(' ').any(|token| is_word(token, word));
    let by_word = STEPS.iter().rposition(|step| step.iter().any(has));
    by_word.or_else(|| STEP_PARTS.iter().rposition(|step| step.iter().any(|p| words.contains(p))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order<'n>(names: &[&'n str]) -> Option<Vec<&'n str>> {
        let mut keyed: Vec<_> = places(names)?.into_iter().zip(names.iter().copied()).collect();
        keyed.sort();
        Some(keyed.into_iter().map(|(_, name)| name).collect())
    }

    #[test]
    fn stages_that_crms_set_up_stand_as_there() {
        let pipedrive = ["Contact Made", "Demo Scheduled", "Negotiations Started", "Qualified"];
        let expected = ["Qualified", "Contact Made", "Demo Scheduled", "Negotiations Started"];
        assert_eq!(order(&pipedrive).unwrap(), expected);
        let hubspot = ["Contract Sent", "Decision Maker Bought-In", "Qualified To Buy"];
        let expected = ["Qualified To Buy", "Decision Maker Bought-In", "Contract Sent"];
        assert_eq!(order(&hubspot).unwrap(), expected);
    }

    #[test]
    fn other_names_stand_by_their_words() {
        let names = ["Angebot versendet", "Erstkontakt", "Verhandlung"];
        assert_eq!(order(&names), None, "`Erstkontakt` is one word that no step has");
        assert_eq!(order(&["Engaging", "Prospecting"]).unwrap(), ["Prospecting", "Engaging"]);
        assert_eq!(order(&["方案报价", "线索"]).unwrap(), ["线索", "方案报价"]);
        assert_eq!(order(&["Proposal", "Legal review of proposal"]).unwrap()[0], "Proposal");
        let renamed = ["Qualification", "Needs Analysis", "Negotiation or Review"];
        assert_eq!(order(&renamed).unwrap(), renamed);
    }

    #[test]
    fn names_that_say_nothing_have_no_place() {
        assert_eq!(places(&["Blue", "Prospecting"]), None);
        assert_eq!(places(&["Lead", "New"]), None);
        assert_eq!(places(&[]), None);
    }
}
