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

/// Weights that are drawn before one look tells whether the leading bits told all of them.
const CHUNK: usize = 8;

/// Share of undefined replicates above which there is no interval.
const MAX_UNDEFINED: f64 = 0.05;

/// Poisson(1) weights of deals, the same whatever the order and the partition.
///
/// Source: Chamandy et al. 2012, "Estimating uncertainty for massive data streams"; hashes:
/// FNV-1a and the finaliser of SplitMix64.
/// Checked against: `tests/vectors/V06` (weights), mean and variance in the property tests.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// Of each replicate, after the first step of the hash.
    seeds: Vec<u64>,
}

impl Bootstrap {
    /// Weights for this many replicates.
    pub fn new(seed: u64, replicates: usize) -> Self {
        let seeds = (0..replicates as u64).map(|b| seed.wrapping_add(b.wrapping_mul(STEP)));
        Self { seeds: seeds.map(begun).collect() }
    }

    /// Number of replicates.
    pub fn replicates(&self) -> usize {
        self.seeds.len()
    }

    /// Puts the weights of a deal, one for each replicate, into `out`.
    pub fn weights(&self, deal_id: &str, out: &mut Vec<u8>) {
        let identity = identity(deal_id);
        out.resize(self.seeds.len(), 0);
        let (seeds, rest) = self.seeds.as_chunks::<CHUNK>();
        let (chunks, last) = out.as_chunks_mut::<CHUNK>();
        for (out, seeds) in chunks.iter_mut().zip(seeds) {
            let mut seen = 0;
            for (out, seed) in out.iter_mut().zip(seeds) {
                *out = usual_weight(hash(identity ^ seed));
                seen |= *out;
            }
            if seen == UNSURE {
                out.iter_mut().zip(seeds).for_each(|(out, seed)| *out = weight(identity ^ seed));
            }
        }
        last.iter_mut().zip(rest).for_each(|(out, seed)| *out = weight(identity ^ seed));
    }

    /// The sum of the weights in one replicate of the deals with these identities (see
    /// [`identity`]); 0 beyond the last replicate.
    pub fn total(&self, identities: &[u64], replicate: usize) -> u64 {
        let Some(seed) = self.seeds.get(replicate) else { return 0 };
        identities.iter().map(|identity| u64::from(weight(identity ^ seed))).sum()
    }
}

/// What the weights of a deal depend on: a hash of its id, for those who cannot keep the id.
pub fn identity(deal_id: &str) -> u64 {
    begun(deal_id.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    }))
}

/// The first step of the hash. It may be taken before deal and replicate come together, because
/// `begun(a) ^ begun(b)` is `begun(a ^ b)`.
fn begun(z: u64) -> u64 {
    z ^ (z >> 30)
}

/// How many leading bits of a hash tell its weight, nearly always.
const LEADING: u32 = 12;

/// Stands in [`USUAL`] where the leading bits do not tell; has all bits of any weight.
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
#[cold]
const fn count(hash: u64) -> u8 {
    let mut at = 0;
    while at < THRESHOLDS.len() && hash >= THRESHOLDS[at] {
        at += 1;
    }
    at as u8
}

/// The weight of a deal in a replicate, by its identity and the replicate's seed.
#[inline]
fn weight(z: u64) -> u8 {
    let hash = hash(z);
    match usual_weight(hash) {
        UNSURE => count(hash ^ (hash >> 31)),
        weight => weight,
    }
}

/// The hash from its second step on, but for the last one, `z ^ (z >> 31)`: that leaves the leading bits as
/// they are.
#[inline]
fn hash(mut z: u64) -> u64 {
    z = z.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB)
}

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
    let mut defined: Vec<f64> = replicates.iter().flatten().copied().collect();
    let missing = replicates.len() - defined.len();
    if defined.is_empty() || missing as f64 > MAX_UNDEFINED * replicates.len() as f64 {
        return None;
    }
    let mut quantile = |p: f64| {
        let place = (defined.len() - 1) as f64 * p;
        let below = place.floor();
        let (_, first, above) = defined.select_nth_unstable_by(below as usize, f64::total_cmp);
        let first = *first;
        let second = above.iter().copied().min_by(f64::total_cmp).unwrap_or(first);
        first + (place - below) * (second - first)
    };
    Some(Interval { lower: quantile(TAIL), upper: quantile(1.0 - TAIL) })
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
