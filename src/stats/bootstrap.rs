//! A bootstrap without random numbers: each deal's weight in each replicate follows from its id.

use super::TAIL;
use super::interval::Interval;

/// `floor(2^64 P(Poisson(1) <= k))`: a hash at or above the first k of them weighs k.
const THRESHOLDS: [u64; 20] = [
    0x5E2D_58D8_B3BC_DF1A,
    0xBC5A_B1B1_6779_BE35,
    0xEB71_5E1D_C158_2DC2,
    0xFB23_9797_34A2_52F1,
    0xFF10_25F5_9174_DC3D,
    0xFFD9_0F3B_A405_5E19,
    0xFFFA_8B71_FC72_C913,
    0xFFFF_540C_0914_B3C9,
    0xFFFF_ED1F_4AA8_F120,
    0xFFFF_FE21_6E64_1462,
    0xFFFF_FFD4_D85D_3183,
    0xFFFF_FFFC_6DA2_62B4,
    0xFFFF_FFFF_BA12_D178,
    0xFFFF_FFFF_FB07_C64C,
    0xFFFF_FFFF_FFAB_8EA5,
    0xFFFF_FFFF_FFFA_BE22,
    0xFFFF_FFFF_FFFF_B11A,
    0xFFFF_FFFF_FFFF_FBA1,
    0xFFFF_FFFF_FFFF_FFC5,
    0xFFFF_FFFF_FFFF_FFFD,
];

/// What separates the replicates' seeds.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Share of undefined replicates above which there is no interval.
const MAX_UNDEFINED: f64 = 0.05;

/// Poisson(1) weights of deals, the same whatever the order and the partition.
///
/// Source: Chamandy et al. 2012, "Estimating uncertainty for massive data streams"; hashes:
/// FNV-1a and the finaliser of SplitMix64.
/// Checked against: `tests/vectors/V06` (weights), mean and variance in the property tests.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    seeds: Vec<Mixed>,
}

/// A deal, or the seed of a replicate, after the first step of the hash. It gives the same for both together as
/// for each alone, so that it is not taken for each weight.
#[derive(Clone, Copy, Debug)]
pub struct Mixed(u64);

impl Mixed {
    /// By the [`identity`] of a deal.
    pub fn new(identity: u64) -> Self {
        Self(identity ^ (identity >> 30))
    }
}

impl Bootstrap {
    /// Weights for this many replicates.
    pub fn new(seed: u64, replicates: usize) -> Self {
        let seeds = (0..replicates as u64).map(|b| seed.wrapping_add(b.wrapping_mul(STEP)));
        Self { seeds: seeds.map(Mixed::new).collect() }
    }

    /// Number of replicates.
    pub fn replicates(&self) -> usize {
        self.seeds.len()
    }

    /// Puts the weights of a deal, one for each replicate, into `out`.
    pub fn weights(&self, deal_id: &str, out: &mut Vec<u8>) {
        let deal = Mixed::new(identity(deal_id));
        out.resize(self.seeds.len(), 0);
        let (seeds, rest) = self.seeds.as_chunks::<8>();
        let (chunks, last) = out.as_chunks_mut::<8>();
        for (out, seeds) in chunks.iter_mut().zip(seeds) {
            let mut seen = 0;
            for (out, &seed) in out.iter_mut().zip(seeds) {
                *out = usual_weight(hash(deal, seed));
                seen |= *out;
            }
            // One look at the bits of all instead of eight: no sure weight has all of them.
            if seen == UNSURE {
                let all = out.iter_mut().zip(seeds);
                all.for_each(|(out, &seed)| *out = weight_of(hash(deal, seed)));
            }
        }
        last.iter_mut().zip(rest).for_each(|(out, &seed)| *out = weight_of(hash(deal, seed)));
    }

    /// The sum of the weights of deals in one replicate; 0 beyond the last replicate.
    pub fn total(&self, deals: &[Mixed], replicate: usize) -> u64 {
        let Some(&seed) = self.seeds.get(replicate) else { return 0 };
        let sum = |deals: &[Mixed]| {
            let mut sum = 0;
            for &deal in deals {
                sum += u64::from(weight_of(hash(deal, seed)));
            }
            sum
        };
        let (eights, rest) = deals.as_chunks::<8>();
        let mut total = sum(rest);
        for eight in eights {
            let mut usual = 0;
            for &deal in eight {
                usual += u64::from(usual_weight(hash(deal, seed)));
            }
            // One look at the sum instead of eight: it is less than this where all are sure.
            total += if usual < u64::from(UNSURE) { usual } else { sum(eight) };
        }
        total
    }

    /// Puts the weights of deals in one replicate into `out`.
    pub fn weights_of(&self, deals: &[Mixed], replicate: usize, out: &mut Vec<u8>) {
        out.clear();
        if let Some(&seed) = self.seeds.get(replicate) {
            out.extend(deals.iter().map(|&deal| weight_of(hash(deal, seed))));
        }
    }
}

/// What the weights of a deal depend on: a hash of its id, for those who cannot keep the id.
pub fn identity(deal_id: &str) -> u64 {
    deal_id.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// How many leading bits of a hash tell its weight, nearly always.
const LEADING: u32 = 12;

/// Stands in [`USUAL`] where the leading bits do not tell.
const UNSURE: u8 = u8::MAX;

/// The weight by the leading bits of the hash.
static USUAL: [u8; 1 << LEADING] = usual();

const fn usual() -> [u8; 1 << LEADING] {
    let mut found = [UNSURE; 1 << LEADING];
    let mut at = 0;
    while at < found.len() {
        let first = (at as u64) << (u64::BITS - LEADING);
        let weight = count(first);
        if count(first | (u64::MAX >> LEADING)) == weight {
            found[at] = weight;
        }
        at += 1;
    }
    found
}

/// How many thresholds a hash reaches.
const fn count(hash: u64) -> u8 {
    let mut at = 0;
    while at < THRESHOLDS.len() && hash >= THRESHOLDS[at] {
        at += 1;
    }
    at as u8
}

/// The hash of a deal in a replicate, but for its last step, `z ^ (z >> 31)`, which leaves the leading bits as
/// they are.
#[inline]
fn hash(deal: Mixed, seed: Mixed) -> u64 {
    let z = (deal.0 ^ seed.0).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB)
}

/// The weight that a hash gives.
#[inline]
fn weight_of(hash: u64) -> u8 {
    match usual_weight(hash) {
        UNSURE => count(hash ^ (hash >> 31)),
        weight => weight,
    }
}

/// The weight by the leading bits; [`UNSURE`] where they do not tell.
#[inline]
fn usual_weight(hash: u64) -> u8 {
    USUAL[(hash >> (u64::BITS - LEADING)) as usize]
}

/// Central 95 % of the replicates, by quantiles of type 7.
///
/// Null rule: undefined replicates are left out; more than 5 % of them, or none at all, gives null.
/// Source: Efron 1979; Chamandy et al. 2012.
/// Checked against: its definition, in the tests below.
pub fn percentile_interval(replicates: &[Option<f64>]) -> Option<Interval> {
    // Whole numbers in the order of the numbers: they are compared much faster.
    let mut defined: Vec<i64> = Vec::with_capacity(replicates.len());
    defined.extend(replicates.iter().flatten().map(|value| ordered(value.to_bits())));
    let missing = replicates.len() - defined.len();
    if defined.is_empty() || missing as f64 > MAX_UNDEFINED * replicates.len() as f64 {
        return None;
    }
    let number = |key: i64| f64::from_bits(ordered(key as u64) as u64);
    let mut quantile = |p: f64| {
        let place = (defined.len() - 1) as f64 * p;
        let below = place.floor();
        let (_, first, above) = defined.select_nth_unstable(below as usize);
        let second = above.iter().min().map_or(number(*first), |&key| number(key));
        let first = number(*first);
        first + (place - below) * (second - first)
    };
    Some(Interval { lower: quantile(TAIL), upper: quantile(1.0 - TAIL) })
}

/// The bits of a number as a whole number of the same order ([`f64::total_cmp`]), and back.
fn ordered(bits: u64) -> i64 {
    let bits = bits as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_interpolate_and_tolerate_few_gaps() {
        let mut replicates: Vec<Option<f64>> = (0..=40).map(|v| Some(f64::from(v))).collect();
        assert_eq!(percentile_interval(&replicates).map(Interval::pair), Some((1.0, 39.0)));
        replicates.extend([None, None]);
        assert!(percentile_interval(&replicates).is_some());
        replicates.push(None);
        assert_eq!(percentile_interval(&replicates), None);
        assert_eq!(percentile_interval(&[]), None);
    }
}
