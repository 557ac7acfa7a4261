//! Headers: how they are compared, and the stage in a `Date entered "Stage (Pipeline)"` header.

/// A stage named by a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    /// The stage.
    pub(super) name: String,
    /// Its pipeline; empty if the header names none.
    pub(super) pipeline: String,
}

/// What stands before each header where nested rows of an API were made flat.
const NESTS: [&str; 6] =
    ["properties.", "properties_", "data.", "attributes.", "record.", "_airbyte_data."];

/// A header without what stands before it for the nest it was in.
pub(super) fn without_nest(header: &str) -> &str {
    NESTS.iter().find_map(|nest| header.strip_prefix(nest)).unwrap_or(header)
}

/// What stands behind headers: `*` of columns that must be filled, arrows of those that rows are sorted by.
pub(super) const MARKS: [char; 6] = ['*', '↑', '↓', '▲', '▼', ' '];

/// The form in which headers are compared: lower case, without spaces, `_`, marks that are not seen, a
/// `-` inside a word, the point of a shortened one, final [`MARKS`] and [`NESTS`].
pub(super) fn fold(header: &str) -> String {
    let header = header.trim().trim_end_matches(MARKS);
    let header = without_nest(header);
    let mut before = ' ';
    let mut letters = header.chars().peekable();
    let mut folded = String::with_capacity(header.len());
    while let Some(letter) = letters.next() {
        let is_hyphen = matches!(letter, '-' | '\u{2010}' | '\u{2011}')
            && before.is_alphanumeric()
            && letters.peek().is_some_and(|next| next.is_alphanumeric());
        let is_between = |letter: &char| letter.is_whitespace() || *letter == '_';
        // `Opp. No.` is `opp_no`, while `deal.id` is no `dealid`.
        let is_shortened = letter == '.' && letters.peek().is_none_or(is_between);
        let is_unseen = matches!(letter, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{AD}');
        if !(is_between(&letter) || is_hyphen || is_shortened || is_unseen) {
            folded.extend(letter.to_lowercase());
        }
        before = if is_unseen { before } else { letter };
    }
    folded
}

/// Whether a text is one of these names, as headers are compared.
pub(super) fn is_one(text: &str, names: &[String]) -> bool {
    let folded = fold(text);
    names.iter().any(|name| fold(name) == folded)
}

/// What the names of files have around what they hold.
const AROUND: [&str; 21] = [
    "export",
    "exports",
    "exported",
    "report",
    "reports",
    "data",
    "copy",
    "final",
    "new",
    "latest",
    "all",
    "list",
    "sheet",
    "table",
    "crm",
    "hubspot",
    "salesforce",
    "pipedrive",
    "csv",
    "fy",
    "our",
];

/// Whether a file is called by one of these names, or by one with dates, numbers, versions, the CRM and the
/// like around it: `Targets FY25 (1)`, `team quotas - Sheet1`.
pub(super) fn is_called(stem: &str, names: &[String]) -> bool {
    if names.is_empty() || is_one(stem, names) {
        return !names.is_empty();
    }
    let words = stem.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
    let is_around = |word: &String| word.len() <= 1 || AROUND.contains(&word.as_str());
    let words: Vec<String> = words.filter(|word| !is_around(word)).collect();
    is_one(&words.join("_"), names)
}

/// Headers with `#2`, `#3` … after the second and later ones of a name.
pub(super) fn number_repeats(headers: Vec<String>) -> Vec<String> {
    let mut numbered: Vec<String> = Vec::with_capacity(headers.len());
    for (at, header) in headers.iter().enumerate() {
        let before = headers.get(..at).unwrap_or_default();
        let repeats = before.iter().filter(|h| *h == header).count();
        numbered.push(match repeats {
            _ if header.trim().is_empty() => String::new(),
            0 => header.clone(),
            _ => format!("{header}#{}", repeats + 1),
        });
    }
    numbered
}

/// What stands for the stage that a deal is in now, and names none: `Date entered current stage`.
const NO_STAGES: [&str; 12] = [
    "stage",
    "currentstage",
    "dealstage",
    "pipelinestage",
    "phase",
    "pipeline",
    "on",
    "by",
    "at",
    "date",
    "thisstage",
    "status",
];

/// The stage of a `Date entered` header that begins with one of `starts`.
pub(super) fn entered_stage(header: &str, starts: &[String]) -> Option<Stage> {
    let header = without_nest(header);
    let rest = starts.iter().find_map(|start| {
        let beginning = header.get(..start.len())?;
        beginning.eq_ignore_ascii_case(start).then(|| header.get(start.len()..))?
    })?;
    let quotes = ['"', '\'', '“', '”', '‘', '’', '„', '«', '»'];
    let label = rest.trim().trim_matches(quotes).trim();
    let (name, pipeline) = split_pipeline(label);
    let is_stage = !name.is_empty() && !NO_STAGES.contains(&fold(name).as_str());
    is_stage.then(|| Stage { name: name.to_owned(), pipeline: pipeline.to_owned() })
}

/// The stage of a header that ends with its entry: `Demo Entered`, `demo_entered_at`.
pub(super) fn entered_before(header: &str) -> Option<String> {
    let header = without_nest(header);
    let words =
        header.split(|c: char| c.is_whitespace() || c == '_').filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let at = words.iter().rposition(|word| word.eq_ignore_ascii_case("entered"))?;
    let (name, after) = words.split_at_checked(at)?;
    let is_day = ["", "at", "on", "date", "time"]
        .contains(&after.get(1..)?.concat().to_lowercase().as_str());
    let name = name.join(" ");
    let is_stage = !name.is_empty() && !NO_STAGES.contains(&fold(&name).as_str());
    (is_day && is_stage).then_some(name)
}

/// `Stage (Pipeline)` → both; the pipeline is what the last balanced parentheses hold.
pub(super) fn split_pipeline(label: &str) -> (&str, &str) {
    let Some(body) = label.strip_suffix(')') else { return (label, "") };
    let mut depth = 1;
    for (at, mark) in body.char_indices().rev() {
        match mark {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let name = body.get(..at).unwrap_or_default().trim_end();
            let pipeline = body.get(at + 1..).unwrap_or_default().trim();
            return if name.is_empty() { (label, "") } else { (name, pipeline) };
        }
    }
    (label, "")
}

/// Whether a word is one of a list, `|` between them.
pub(super) fn is_in(words: &str, word: &str) -> bool {
    words.split('|').any(|known| known == word)
}

/// The letter below the accents of European languages.
pub(super) fn without_accent(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_of_date_entered_headers() {
        let starts = ["Date entered ".to_owned(), "hs_v2_date_entered_".to_owned()];
        let stage = |header: &str| entered_stage(header, &starts).map(|s| (s.name, s.pipeline));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(stage("Date entered \"Proposal (Sales)\""), pair("Proposal", "Sales"));
        assert_eq!(stage("Date entered “Won (A (EU))”"), pair("Won", "A (EU)"));
        assert_eq!(
            stage("Date entered 'Offer (big) (Sales — new)'"),
            pair("Offer (big)", "Sales — new")
        );
        assert_eq!(stage("date entered \"Contract Sent\""), pair("Contract Sent", ""));
        assert_eq!(stage("hs_v2_date_entered_35118880"), pair("35118880", ""));
        assert_eq!(stage("properties.hs_v2_date_entered_7"), pair("7", ""));
        assert_eq!(stage("Date entered \"(odd)\""), pair("(odd)", ""));
        assert_eq!(stage("Date exited \"Proposal (Sales)\""), None);
        assert_eq!(stage("Dätum"), None);
        let before = |header: &str| entered_before(header).unwrap_or_default();
        let names = ["Demo Entered", "contract_sent_entered_at", "stage_entered_at", "entered_at"];
        assert_eq!(names.map(before), ["Demo", "contract sent", "", ""]);
        assert_eq!(before("Entered by"), "");
        assert_eq!(stage("Date entered stage"), None);
        assert_eq!(stage("hs_v2_date_entered_current_stage"), None);
    }

    #[test]
    fn headers_are_compared_without_case_and_spaces() {
        assert_eq!(fold("\u{FEFF} Deal\u{A0}Id*"), fold("deal_id"));
        assert_eq!(fold("Close\u{200B}-Date"), "closedate");
        assert_eq!(fold("Deal - ID"), "deal-id");
        let repeated = vec!["a".to_owned(), "b".to_owned(), "a".to_owned(), "a".to_owned()];
        assert_eq!(number_repeats(repeated), ["a", "b", "a#2", "a#3"]);
    }
}
