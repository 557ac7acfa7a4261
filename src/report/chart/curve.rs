//! Curves over time with bands: step lines, as estimates from event times are.

use super::canvas::{Axis, Canvas, Frame, round_up};
use crate::report::format;

/// A point of a curve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Days.
    pub(crate) x: f64,
    /// The value from there on.
    pub(crate) y: f64,
    /// The band.
    pub(crate) limits: Option<(f64, f64)>,
}

/// A curve.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    /// A CSS colour.
    pub(crate) colour: &'static str,
    /// Dashes; empty for a solid line.
    pub(crate) dashes: &'static str,
    /// Whether it moves in steps.
    pub(crate) is_step: bool,
    /// Its points, by time.
    pub(crate) points: Vec<Point>,
    /// The tooltip.
    pub(crate) tip: String,
}

/// The drawing: shares over days, or counts over periods if `words` name them; empty if no curve has
/// two points. Days to go are below 0, and written without their sign.
pub(crate) fn curves(
    id: &str,
    title: &str,
    labels: (&str, &str),
    curves: &[Curve],
    words: Option<&[String]>,
) -> String {
    if curves.iter().all(|curve| curve.points.len() < 2) {
        return String::new();
    }
    let points = || curves.iter().flat_map(|c| &c.points);
    let first = points().map(|p| p.x).fold(0.0, f64::min);
    let last = points().map(|p| p.x).fold(0.0, f64::max);
    let tops = points().map(|p| p.limits.map_or(p.y, |l| l.1.max(p.y)));
    let highest = tops.filter(|y| y.is_finite()).fold(0.0, f64::max);
    // Shares end at 1; errors, which may exceed what came, do not.
    let top = if highest <= 1.0 { round_up(highest).min(1.0) } else { round_up(highest) };
    let (x, y) = match words {
        Some(words) => (
            Axis::Words(words.to_vec()),
            Axis::Numbers(0.0, round_up(highest), Some(format::count_tick)),
        ),
        None => (
            Axis::Numbers(first, last, Some(|days| format::number_tick(days.abs()))),
            Axis::Numbers(0.0, top, Some(format::percent_tick)),
        ),
    };
    let frame = Frame { id, title, height: 320.0, x, y, x_label: labels.0, y_label: labels.1 };
    let mut canvas = Canvas::new(&frame);
    for curve in curves {
        canvas.group(&curve.tip, |canvas| draw(canvas, curve));
    }
    canvas.finish()
}

fn draw(canvas: &mut Canvas, curve: &Curve) {
    let mut upper = Vec::new();
    let mut lower = Vec::new();
    let mut line: Vec<(f64, f64)> = Vec::new();
    let step = |path: &mut Vec<(f64, f64)>, x: f64, y: f64| {
        if let (true, Some(last)) = (curve.is_step, path.last()) {
            path.push((x, last.1));
        }
        path.push((x, y));
    };
    for point in curve.points.iter().filter(|p| p.y.is_finite()) {
        let x = canvas.x(point.x);
        step(&mut line, x, canvas.y(point.y));
        if let Some(limits) = point.limits {
            step(&mut upper, x, canvas.y(limits.1));
            step(&mut lower, x, canvas.y(limits.0));
        }
    }
    if upper.len() > 1 {
        canvas.area(&upper, &lower, curve.colour);
    }
    if line.len() > 1 {
        canvas.path(&line, curve.colour, 2.0, curve.dashes);
    } else if let Some(only) = line.first() {
        canvas.dot(*only, 4.0, curve.colour);
    }
}
