//! Data-quality codes (METRICS 3.7) and the grade of a deal's history (EXPORTS 15).

macro_rules! codes {
    ($($variant:ident $code:literal $text:literal,)*) => {
        /// What was found wrong with a deal's data, and settled by a written rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Quality { $(#[doc = $text] $variant,)* }

        impl Quality {
            /// All codes in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code, such as `QH4`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What the code means and what was done.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    NullChangeTime "QH1" "a stage change has no time: it is ignored",
    CreatedImputed "QH2" "no creation time: the first stage change is taken",
    Untimed "QH3" "no creation time and no history: in no metric; in the view `deals` without times",
    ChangeBeforeCreation "QH4" "a stage change before creation is moved to the creation",
    DuplicateRow "QH5" "an exact duplicate of a row is dropped",
    LateCreationRow "QH6" "the first history row comes more than a day after creation: the gap is unknown",
    ClosedWithoutHistory "QH7" "closed, but no history: its stages are unknown",
    EntryUnknown "QH8" "older than the history: the entry into the first known stage is unknown",
    ChainBreak "QH9" "a stage change starts from another stage than the deal was in",
    SelfLoop "QH10" "a stage change into the same stage is dropped",
    CloseTimeDiffers "QH11" "the close time of the deal and of its history differ by more than a day",
    ReopenedWithoutHistory "QH12" "open, but the history ends closed: reopened at the extract",
    ChangeAfterClose "QH13" "a stage change after the close time: closed at the last change",
    CloseTimeImputed "QH14" "closed without a close time: the last stage change is taken",
    CloseTimeMissing "QH15" "closed at an unknown time: in no metric; in the view `deals` without times",
    ClosedBeforeCreated "QH16" "closed before it was created: kept in bookings, out of cycle, cohort and dwell",
    ClosedInFuture "QH17" "closed after the extract: treated as open",
    StatusContradictsHistory "QH18" "the history ends in another outcome than the status: the status is appended",
    CreationUnknown "QH19" "nothing tells when it was created: taken as the close, or as the last full day; kept in bookings and pipeline, out of cycle, cohort and dwell",
    TiedStageOrder "QS2" "two stages of a pipeline share a place: settled by name",
    UnknownStage "QS4" "a stage that the catalogue does not have: moves to and from it are lateral",
    NullAmount "QV1" "no amount: counted, 0 in sums, out of means",
    NegativeAmount "QV2" "a negative amount: in sums, out of means",
    NoRate "QV3" "no exchange rate for the date",
    NoOwnerHistory "QO1" "no history of owners: the present owner owns the whole life",
    NaiveTime "QT1" "a local time that is ambiguous or does not exist",
    DuplicateActivity "QA1" "two activities with one id: the later one is kept",
    DuplicateDeal "QD1" "rows for one deal that differ: the one modified last is kept, or else that of the file with the latest day in its name, or else a closed one, or else the one closed or moved last; of tables with other columns the one that tells more",
    DuplicateForecast "QF1" "two forecasts of one day and level, or one day and deal: the largest is kept",
}

impl Quality {
    /// The table whose rows make a deal carry the code; null for codes of repeated rows, which are
    /// counted row by row.
    pub fn table(self) -> Option<&'static str> {
        match self {
            Self::DuplicateDeal | Self::DuplicateActivity | Self::DuplicateForecast => None,
            Self::NoRate
            | Self::NullAmount
            | Self::NegativeAmount
            | Self::NoOwnerHistory
            | Self::NaiveTime
            | Self::CloseTimeMissing
            | Self::ClosedBeforeCreated
            | Self::ClosedInFuture
            | Self::CreationUnknown
            | Self::Untimed => Some("deals"),
            _ => Some("stage_history"),
        }
    }
}

/// `QH1` to `QH19`: the first nineteen.
const HISTORY_CODES: u32 = (1 << (Quality::CreationUnknown as u32 + 1)) - 1;

/// The codes of one deal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QualitySet(pub u32);

impl QualitySet {
    /// Adds a code.
    pub fn insert(&mut self, code: Quality) {
        self.0 |= 1 << code as u8;
    }

    /// Whether the code is there.
    pub fn contains(self, code: Quality) -> bool {
        self.0 & (1 << code as u8) != 0
    }

    /// Whether any history code (`QH…`) is there.
    pub fn has_history_code(self) -> bool {
        self.0 & HISTORY_CODES != 0
    }

    /// The codes in order.
    pub fn iter(self) -> impl Iterator<Item = Quality> {
        Quality::ALL.iter().copied().filter(move |&code| self.contains(code))
    }

    /// The codes as text: `QH5 QH9`.
    pub fn to_text(self) -> String {
        self.iter().map(Quality::code).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`QualitySet::to_text`] wrote; words that are no code are ignored.
    pub fn from_text(text: &str) -> Self {
        let mut set = Self::default();
        for word in text.split_whitespace() {
            if let Some(&code) = Quality::ALL.iter().find(|c| c.code() == word) {
                set.insert(code);
            }
        }
        set
    }
}

/// How good the evidence for a deal's stages is (EXPORTS 15), best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistoryGrade {
    /// A full log of stage changes.
    Logged,
    /// A log that was cut.
    LoggedTruncated,
    /// The latest entry into each stage.
    WideEntered,
    /// Differences between dated exports.
    SnapshotDiff,
    /// Creation, last stage change, close.
    LastChange,
    /// Creation and close.
    CreatedClosed,
    /// The present stage only.
    #[default]
    CurrentOnly,
}

impl HistoryGrade {
    /// All grades, best first.
    pub const ALL: [Self; 7] = [
        Self::Logged,
        Self::LoggedTruncated,
        Self::WideEntered,
        Self::SnapshotDiff,
        Self::LastChange,
        Self::CreatedClosed,
        Self::CurrentOnly,
    ];

    /// The name, such as `A_logged`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logged => "A_logged",
            Self::LoggedTruncated => "B_logged_truncated",
            Self::WideEntered => "C_wide_entered",
            Self::SnapshotDiff => "D_snapshot_diff",
            Self::LastChange => "E_last_change",
            Self::CreatedClosed => "F_created_closed",
            Self::CurrentOnly => "G_current_only",
        }
    }

    /// Reads what [`HistoryGrade::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.as_str() == name)
    }

    /// Whether the stages between creation and close are known (grades A to C).
    pub fn has_stages(self) -> bool {
        self <= Self::SnapshotDiff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_codes_are_those_called_so() {
        for &code in Quality::ALL {
            let mut set = QualitySet::default();
            set.insert(code);
            assert_eq!(set.has_history_code(), code.code().starts_with("QH"), "{}", code.code());
            assert_eq!(QualitySet::from_text(&set.to_text()), set);
        }
    }
}
