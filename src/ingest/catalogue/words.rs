//! What the name of a stage says of its kind (METRICS 3.1; EXPORTS 15), in several languages.
//!
//! Whole words only: `Two Next Steps` is not won, `Closed - pending finance` is nothing yet.

use crate::ingest::header::without_accent;
use crate::model::StageKind;

/// Whole names that settle the kind.
const WON_NAMES: &[&str] = &[
    "won",
    "win",
    "closed won",
    "closedwon",
    "赢单",
    "成交",
    "успешно реализовано",
    "сделка успешна",
];
const LOST_NAMES: &[&str] = &[
    "lost",
    "loss",
    "closed lost",
    "closedlost",
    "disqualified",
    "输单",
    "丢单",
    "流失",
    "закрыто и не реализовано",
    "сделка провалена",
];

/// Words that hint at it; a trailing `*` stands for any ending.
const WON_WORDS: &[&str] = &[
    "won",
    "closedwon",
    "signed",
    "gewonnen",
    "ganho",
    "ganha",
    "ganado",
    "ganada",
    "gagne",
    "gagnee",
    "vinto",
    "vinta",
    "vundet",
    "vunnet",
    "wygrana",
    "vunnen",
];
const LOST_WORDS: &[&str] = &[
    "lost",
    "closedlost",
    "dead",
    "disqualif*",
    "abandon*",
    "cancel*",
    "verloren",
    "perdido",
    "perdida",
    "perdu",
    "perdue",
    "perso",
    "persa",
    "tabt",
    "tapt",
    "przegrana",
    "forlorad",
];

/// Whole names that hint at it, also after `closed`; as words of others they are reasons or steps.
const WON_ALONE: &[&str] = &["hired", "awarded"];
const LOST_ALONE: &[&str] = &[
    "rejected",
    "declined",
    "withdrawn",
    "not interested",
    "no decision",
    "unresponsive",
    "unqualified",
];

/// Words of scripts without blanks: a name, or a part of it between other characters, ends so.
const WON_ENDINGS: &[&str] = &["受注", "成約", "赢单", "成交", "签约"];
const LOST_ENDINGS: &[&str] = &["失注", "输单", "丢单", "流失", "无效"];

/// Words that say that a deal is closed, and not how.
const CLOSED_WORDS: &[&str] = &[
    "closed",
    "geschlossen",
    "abgeschlossen",
    "cerrad*",
    "fechad*",
    "ferme",
    "fermee",
    "cloture*",
    "chius*",
    "gesloten",
];

/// What before such an ending turns its meaning: not yet, awaited, about to.
const TURNING: &[char] = &['未', '待', '预', '拟', '将', '不', '非'];
/// The same for words.
const TURNING_WORDS: &[&str] = &["not", "never", "nicht", "no", "non", "nao"];

/// The marks that stand for the apostrophe.
const APOSTROPHES: &[char] = &['\'', '’', '‘', 'ʼ', '`', '´', '＇'];

/// The kind, if the whole name is one that settles it.
pub(in super::super) fn settled(name: &str) -> Option<StageKind> {
    let name = name.trim().to_lowercase();
    if LOST_NAMES.contains(&name.as_str()) {
        Some(StageKind::Lost)
    } else if WON_NAMES.contains(&name.as_str()) {
        Some(StageKind::Won)
    } else {
        None
    }
}

/// Small letters without accents, one blank between words: `Proposal/Price Quote` and
/// `proposal price quote` are one name. `Won't` is one word, and another one than `won`.
pub(super) fn folded(name: &str) -> String {
    let plain: String = name.to_lowercase().chars().map(without_accent).collect();
    let plain = if plain.contains(APOSTROPHES) { joined(&plain) } else { plain };
    let tokens: Vec<&str> =
        plain.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty()).collect();
    tokens.join(" ")
}

/// A name in which `n't` is part of the word before it.
fn joined(name: &str) -> String {
    let join = |name: String, mark| name.replace(&format!("n{mark}t"), "nt");
    APOSTROPHES.iter().fold(name.to_owned(), join)
}

/// Whether `token` is `word`, whose trailing `*` stands for any ending.
pub(super) fn is_word(token: &str, word: &str) -> bool {
    match word.strip_suffix('*') {
        Some(stem) => token.starts_with(stem),
        None => token == word,
    }
}

/// What a name settles, or else hints at.
pub(in super::super) fn told(name: &str) -> Option<StageKind> {
    settled(name).or_else(|| hinted(name))
}

/// The kind that the words of a name hint at; nothing where they hint at both.
pub(in super::super) fn hinted(name: &str) -> Option<StageKind> {
    let folded = folded(name);
    let alone = folded.strip_prefix("closed ").unwrap_or(&folded);
    if WON_ALONE.contains(&alone) {
        return Some(StageKind::Won);
    } else if LOST_ALONE.contains(&alone) {
        return Some(StageKind::Lost);
    }
    let tokens: Vec<&str> = folded.split(' ').collect();
    let won = hints(&tokens, WON_WORDS, WON_ENDINGS);
    let lost = hints(&tokens, LOST_WORDS, LOST_ENDINGS);
    match (won, lost) {
        (true, false) => Some(StageKind::Won),
        (false, true) => Some(StageKind::Lost),
        _ => None,
    }
}

/// Whether a name calls deals closed.
pub(super) fn is_called_closed(name: &str) -> bool {
    let folded = folded(name);
    hints(&folded.split(' ').collect::<Vec<_>>(), CLOSED_WORDS, &[])
}

fn hints(tokens: &[&str], words: &[&str], endings: &[&str]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let is_turned = before.is_some_and(|word| TURNING_WORDS.contains(word));
        // `Lost to follow-up`: out of sight, not lost.
        let follows = tokens.get(at + 1..).unwrap_or_default();
        let is_out_of_sight = matches!(follows, ["to", next, ..] if next.starts_with("follow"));
        let is_word = words.iter().any(|word| is_word(token, word));
        (is_word && !is_turned && !is_out_of_sight) || endings.iter().any(|e| ends_so(token, e))
    })
}

fn ends_so(token: &str, ending: &str) -> bool {
    let before = token.strip_suffix(ending);
    before.is_some_and(|before| !before.chars().any(|c| TURNING.contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_settle() {
        assert_eq!(settled(" Closed Won "), Some(StageKind::Won));
        assert_eq!(settled("流失"), Some(StageKind::Lost));
        assert_eq!(settled("Won - invoiced"), None);
    }

    #[test]
    fn words_hint_in_many_languages() {
        for name in ["Won - invoiced", "Gagné", "5. Gewonnen", "客户成交", "Contract signed"] {
            assert_eq!(hinted(name), Some(StageKind::Won), "{name}");
        }
        for name in [
            "Deal abandoned",
            "Perdida",
            "Cancelled",
            "已丢单",
            "Lost to competitor",
            "Rejected",
            "Closed - No Decision",
            "Not interested",
        ] {
            assert_eq!(hinted(name), Some(StageKind::Lost), "{name}");
        }
    }

    #[test]
    fn words_call_deals_closed() {
        for name in ["Closed", "Closed - No Budget", "Completed/Closed", "Clôturée", "Cerrado"] {
            assert!(is_called_closed(name), "{name}");
        }
        for name in ["Closing", "Not closed", "Close plan", "Enclosed"] {
            assert!(!is_called_closed(name), "{name}");
        }
    }

    #[test]
    fn near_misses_hint_at_nothing() {
        for name in [
            "Closed - pending finance",
            "Rejected by manager",
            "Invoice declined",
            "Follow On Call",
            "Two Next Steps",
            "Lost to follow-up",
            "Not won",
            "Won't Proceed",
            "WON’T DO",
            "Won/Lost review",
            "未成交",
            "待签约",
            "Wonderful",
        ] {
            assert_eq!(hinted(name), None, "{name}");
        }
    }
}
