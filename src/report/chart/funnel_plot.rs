//! Funnel plot: rate against number of cases, with the limits within which chance alone would keep
//! a rep who is like the team (Spiegelhalter 2005).

use kuva::render::render::TextAnchor;

use super::canvas::{Axis, Canvas, Frame, round_up, shorten};
use crate::report::format;

/// A group.
#[derive(Clone, Debug)]
pub(crate) struct Dot {
    /// Cases.
    pub(crate) n: f64,
    /// Rate.
    pub(crate) rate: f64,
    /// The name, written beside it if it is outside the limits.
    pub(crate) label: String,
    /// Whether it lies outside the wider limits.
    pub(crate) is_flagged: bool,
    /// The tooltip.
    pub(crate) tip: String,
}

/// Limits at a number of cases: inner lower and upper, outer lower and upper.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Cases.
    pub(crate) n: f64,
    /// 95 % limits.
    pub(crate) inner: (f64, f64),
    /// 99.8 % limits.
    pub(crate) outer: (f64, f64),
}

/// The drawing.
pub(crate) fn funnel_plot(
    id: &str,
    title: &str,
    dots: &[Dot],
    limits: &[Limit],
    centre: Option<f64>,
) -> String {
    let widest = dots.iter().map(|d| d.n).fold(0.0, f64::max);
    let highest =
        dots.iter().map(|d| d.rate).chain(limits.iter().map(|l| l.outer.1)).fold(0.0, f64::max);
    let frame = Frame {
        id,
        title,
        height: 340.0,
        x: Axis::Numbers(0.0, round_up(widest * 1.05), Some(format::number_tick)),
        y: Axis::Numbers(0.0, round_up(highest).min(1.0), Some(format::percent_tick)),
        x_label: "closed deals",
        y_label: "win rate",
    };
    let mut canvas = Canvas::new(&frame);
    draw_limits(&mut canvas, limits);
    if let Some(rate) = centre {
        let y = canvas.y(rate);
        let ends = (canvas.x(0.0), canvas.x(round_up(widest * 1.05)));
        canvas.dashed((ends.0, y), (ends.1, y), "var(--second)", 1.2, "4 3");
    }
    for dot in dots {
        let at = (canvas.x(dot.n), canvas.y(dot.rate));
        canvas.group(&dot.tip, |canvas| {
            let colour = if dot.is_flagged { "var(--second)" } else { "var(--accent)" };
            canvas.dot(at, 5.0, colour);
            if dot.is_flagged {
                let words = shorten(&dot.label);
                canvas.text((at.0, at.1 - 9.0), &words, TextAnchor::Middle, "var(--ink)");
            }
        });
    }
    canvas.finish()
}

fn draw_limits(canvas: &mut Canvas, limits: &[Limit]) {
    let sorted = smooth(limits);
    let line = |canvas: &Canvas, pick: fn(&Limit) -> f64| -> Vec<(f64, f64)> {
        sorted.iter().map(|l| (canvas.x(l.n), canvas.y(pick(l)))).collect()
    };
    if sorted.len() < 2 {
        return;
    }
    let inner = (line(canvas, |l| l.inner.1), line(canvas, |l| l.inner.0));
    let outer = (line(canvas, |l| l.outer.1), line(canvas, |l| l.outer.0));
    canvas.area(&inner.0, &inner.1, "var(--faint)");
    for path in [&inner.0, &inner.1] {
        canvas.path(path, "var(--faint)", 1.2, "");
    }
    for path in [&outer.0, &outer.1] {
        canvas.path(path, "var(--faint)", 1.2, "5 4");
    }
}

/// Points between the known ones: limits are straight lines over 1/√n, so they are drawn as such.
fn smooth(limits: &[Limit]) -> Vec<Limit> {
    let mut sorted = limits.to_vec();
    sorted.sort_by(|a, b| a.n.total_cmp(&b.n));
    let mut found = Vec::new();
    for pair in sorted.windows(2) {
        let [a, b] = pair else { continue };
        let (from, to) = (a.n.max(1.0).powf(-0.5), b.n.max(1.0).powf(-0.5));
        for step in 0..12 {
            let part = f64::from(step) / 12.0;
            let between = |a: f64, b: f64| a + (b - a) * part;
            let n = between(from, to).powi(-2);
            let inner = (between(a.inner.0, b.inner.0), between(a.inner.1, b.inner.1));
            let outer = (between(a.outer.0, b.outer.0), between(a.outer.1, b.outer.1));
            found.push(Limit { n, inner, outer });
        }
    }
    found.extend(sorted.last().copied());
    found
}
