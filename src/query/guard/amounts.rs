//! Arithmetic on amounts that may leave 64 bits, which the engine would not notice.
//!
//! Amounts are the columns `..._minor`, and whatever a statement calls what it makes of them. Where the
//! values of a store are so large that sums or products of them may not fit, amounts are cast to floating
//! point where they are added, subtracted or multiplied; elsewhere they stay as they are, to the last digit.

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, DataType, ExactNumberInfo, Expr, Query, UnaryOperator, Value,
};

use super::given::Given;
use super::groups;
use super::walk::{self, Change, Look};
use super::widen::cast_to;
use crate::error::Result;

/// How much larger than the amounts themselves the numbers of a statement may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::query) struct Growth {
    /// Amounts that are multiplied with one another, beyond the first.
    pub(in crate::query) factors: u32,
    /// Bits that numbers written beside them, and additions, may add.
    pub(in crate::query) bits: u32,
}

/// How the amounts of a statement may grow.
pub(super) fn growth(query: &Query) -> Growth {
    let mut measure = Measure { amounts: amounts(query), growth: Growth::default() };
    let _ = walk::query(query, &mut measure);
    measure.growth
}

/// Casts amounts to floating point wherever it is calculated with them.
pub(super) fn widen(query: &mut Query) {
    let amounts = amounts(query);
    let _ = walk::change(query, &mut Widen { amounts, depth: 0 });
}

/// The names of amounts: columns of tables, and what they are called on the way.
fn amounts(query: &Query) -> BTreeSet<String> {
    Given::of(query).spread(BTreeSet::new(), mentions)
}

fn is_amount(name: &str, given: &BTreeSet<String>) -> bool {
    name.to_lowercase().ends_with("_minor") || given.contains(name)
}

/// Whether an amount is named anywhere in it.
fn mentions(expr: &Expr, given: &BTreeSet<String>) -> bool {
    struct Find<'a> {
        given: &'a BTreeSet<String>,
        is_found: bool,
    }
    impl Look for Find<'_> {
        fn expr(&mut self, expr: &Expr) -> Result<()> {
            self.is_found |= groups::column(expr).is_some_and(|name| is_amount(name, self.given));
            Ok(())
        }
    }
    let mut find = Find { given, is_found: false };
    let _ = walk::expr(expr, &mut find);
    find.is_found
}

/// Measures products and sums of amounts.
struct Measure {
    amounts: BTreeSet<String>,
    growth: Growth,
}

impl Look for Measure {
    fn expr(&mut self, expr: &Expr) -> Result<()> {
        let Expr::BinaryOp { left, op, right } = expr else { return Ok(()) };
        let sides = [left, right].map(|side| mentions(side, &self.amounts));
        match op {
            _ if sides == [false, false] => {}
            BinaryOperator::Plus | BinaryOperator::Minus => self.growth.bits += 1,
            BinaryOperator::Multiply if sides == [true, true] => self.growth.factors += 1,
            BinaryOperator::Multiply => {
                let written = [left, right].into_iter().filter_map(|side| number(side));
                self.growth.bits += written.map(|n| 64 - n.leading_zeros()).sum::<u32>();
            }
            _ => {}
        }
        Ok(())
    }
}

/// A whole number as it is written.
fn number(expr: &Expr) -> Option<u64> {
    let Expr::Value(value) = expr else { return None };
    match &value.value {
        Value::Number(number, _) => number.parse().ok(),
        _ => None,
    }
}

/// Whether the engine calculates in 64 bits with what is in it.
fn calculates(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryOp { op, .. } => {
            use BinaryOperator as B;
            matches!(op, B::Plus | B::Minus | B::Multiply)
        }
        Expr::UnaryOp { op, .. } => *op == UnaryOperator::Minus,
        Expr::Function(function) => groups::name_of(function) == "sum",
        _ => false,
    }
}

struct Widen {
    amounts: BTreeSet<String>,
    /// How many calculations are around.
    depth: usize,
}

impl Change for Widen {
    fn expr(&mut self, expr: &Expr) {
        self.depth += usize::from(calculates(expr));
    }

    fn expr_end(&mut self, expr: &mut Expr) -> Result<()> {
        let is_amount = groups::column(expr).is_some_and(|name| is_amount(name, &self.amounts));
        if is_amount && self.depth > 0 {
            cast_to(expr, DataType::Double(ExactNumberInfo::None));
        }
        if !calculates(expr) {
            return Ok(());
        }
        self.depth -= 1;
        // A sum is cast as a whole too: `CASE` makes whole numbers again.
        if let Expr::Function(function) = expr {
            let summed = groups::arguments_mut(function);
            summed
                .filter(|summed| mentions(summed, &self.amounts))
                .for_each(|summed| cast_to(summed, DataType::Double(ExactNumberInfo::None)));
        }
        Ok(())
    }
}
