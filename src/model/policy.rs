//! Policies: what counts as conversion from one stage to the next (our rule, and those of products that
//! say theirs), who is credited, which day's exchange rate an amount has.

use serde::{Deserialize, Serialize};

/// A rule of stage-to-stage conversion: which deals count at a stage, and which of them went on.
///
/// Source: the products' own documentation; the rules are named after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionPolicy {
    /// At the stage: reached it or a later one, unless the deal began beyond it. On: reached the next one.
    #[default]
    ReachedOrBeyond,
    /// At the stage: visited it. On: visited the very next one too.
    Strict,
    /// At the stage: visited it. On: moved straight to the next one at least once.
    Direct,
    /// At the stage: visited it. On: visited any later one, or won.
    AnyLater,
    /// HubSpot "all stages": visited the stage and every one before it.
    HubspotAllStages,
    /// HubSpot "any stages": visited the stage; the next one is counted by itself, so the rate may exceed 1.
    HubspotAnyStages,
    /// Varicent: where the deal stands now and all before it; a step back takes progress away.
    Varicent,
    /// Bitrix24 "with conversion": skipped stages count as visited, but not for deals that were lost.
    Bitrix24WithConversion,
    /// ClosingDealz: direct moves only; who skipped, stepped back or is still there does not count.
    Closingdealz,
    /// Cinode: who jumped from the stage does not count.
    Cinode,
    /// Salesflare: closed deals that visited the stage. On: visited any later one, or won.
    Salesflare,
    /// Frappe CRM: deals that are not lost, by where they stand.
    FrappeCrm,
    /// crm.cli: any exit from the stage is progress, a loss too.
    CrmCli,
}

impl ConversionPolicy {
    /// All of them, the default first.
    pub const ALL: [Self; 13] = [
        Self::ReachedOrBeyond,
        Self::Strict,
        Self::Direct,
        Self::AnyLater,
        Self::HubspotAllStages,
        Self::HubspotAnyStages,
        Self::Varicent,
        Self::Bitrix24WithConversion,
        Self::Closingdealz,
        Self::Cinode,
        Self::Salesflare,
        Self::FrappeCrm,
        Self::CrmCli,
    ];

    /// The name used in tables and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReachedOrBeyond => "reached_or_beyond",
            Self::Strict => "strict",
            Self::Direct => "direct",
            Self::AnyLater => "any_later",
            Self::HubspotAllStages => "hubspot_all_stages",
            Self::HubspotAnyStages => "hubspot_any_stages",
            Self::Varicent => "varicent",
            Self::Bitrix24WithConversion => "bitrix24_with_conversion",
            Self::Closingdealz => "closingdealz",
            Self::Cinode => "cinode",
            Self::Salesflare => "salesflare",
            Self::FrappeCrm => "frappe_crm",
            Self::CrmCli => "crm_cli",
        }
    }

    /// Whether those who went on are always among those who count at the stage: then it is a share.
    pub fn is_share(self) -> bool {
        !matches!(self, Self::HubspotAnyStages | Self::Bitrix24WithConversion)
    }
}

/// What a stay in a stage is where open deals are allowed for (METRICS H2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StayUnit {
    /// Each visit.
    #[default]
    Visit,
    /// All visits of a deal, added up.
    Deal,
}

/// Who is credited with a deal (METRICS 3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditRule {
    /// The owner when the deal was closed; open deals: the owner at `as_of`.
    #[default]
    AtClose,
    /// The first owner.
    CreatedBy,
    /// The owner in the export.
    Current,
    /// All who owned it while it was open, by how long; where a deal must be one owner's, as `at_close`.
    SplitTime,
}

impl CreditRule {
    /// The name used in tables and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtClose => "at_close",
            Self::CreatedBy => "created_by",
            Self::Current => "current",
            Self::SplitTime => "split_time",
        }
    }

    /// Whether what is counted whole goes to the owner of its moment.
    pub fn is_of_moment(self) -> bool {
        matches!(self, Self::AtClose | Self::SplitTime)
    }
}

/// Which day's exchange rate an amount has (METRICS 1.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FxPolicy {
    /// That of its own day: the close, `as_of` for open deals, the day of a past look.
    #[default]
    RateDate,
    /// `fx_constant_date` for all.
    Constant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_configuration() {
        for policy in ConversionPolicy::ALL {
            let written = serde_json::to_value(policy).unwrap();
            assert_eq!(written, policy.as_str());
        }
    }
}
