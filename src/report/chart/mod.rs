//! Charts: values to pixels, nothing else. Drawn with kuva's scales, axes and SVG writer.
//!
//! Colours are CSS variables of the page, so that one drawing serves light, dark and paper.
//! Invariant: no business arithmetic; a chart gets the numbers that stand in the table beside it.

mod bars;
mod canvas;
mod curve;
mod funnel_plot;
mod heat;
mod histogram;
mod interval;
mod slim;
mod spark;
mod waterfall;

pub(crate) use bars::{Bar, Part, bars};
pub(crate) use curve::{Curve, Point, curves};
pub(crate) use funnel_plot::{Dot, Limit, funnel_plot};
pub(crate) use heat::{Cell, Fill, heat};
pub(crate) use histogram::{Bin, histogram};
pub(crate) use interval::{Row, intervals};
pub(crate) use spark::spark;
pub(crate) use waterfall::{Step, waterfall};
