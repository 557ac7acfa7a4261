//! Histogram with given edges; bars of equal width, so that unequal classes stay legible.

use kuva::render::render::TextAnchor;

use super::canvas::{Axis, Canvas, Frame, round_up};
use crate::report::format;

/// A class.
#[derive(Clone, Debug)]
pub(crate) struct Bin {
    /// The class in words, such as `30–60`.
    pub(crate) label: String,
    /// Counts, one for each series.
    pub(crate) counts: Vec<f64>,
    /// Tooltips, one for each series.
    pub(crate) tips: Vec<String>,
}

/// The drawing: the series stand side by side in each class.
pub(crate) fn histogram(
    id: &str,
    title: &str,
    x_label: &str,
    bins: &[Bin],
    colours: &[&'static str],
) -> String {
    let highest = bins.iter().flat_map(|b| b.counts.iter().copied()).fold(0.0, f64::max);
    let frame = Frame {
        id,
        title,
        height: 280.0,
        x: Axis::Words(bins.iter().map(|b| b.label.clone()).collect()),
        y: Axis::Numbers(0.0, round_up(highest * 1.05), Some(format::count_tick)),
        x_label,
        y_label: "deals",
    };
    let mut canvas = Canvas::new(&frame);
    let room = (canvas.x(2.0) - canvas.x(1.0)) * 0.86;
    let width = room / colours.len().max(1) as f64;
    let ground = canvas.y(0.0);
    for (at, bin) in bins.iter().enumerate() {
        let left = canvas.x(at as f64 + 1.0) - room / 2.0;
        for (series, count) in bin.counts.iter().enumerate() {
            let Some(colour) = colours.get(series) else { continue };
            let tip = bin.tips.get(series).map_or("", String::as_str);
            let corner = (left + width * series as f64, canvas.y(*count));
            canvas.group(tip, |canvas| {
                canvas.rect(corner, (width - 1.0, ground - corner.1), colour, 1.0);
                if *count > 0.0 && width > 24.0 {
                    let centre = (corner.0 + width / 2.0, corner.1 - 4.0);
                    let words = format::number_tick(*count);
                    canvas.text(centre, &words, TextAnchor::Middle, "var(--soft)");
                }
            });
        }
    }
    canvas.finish()
}
