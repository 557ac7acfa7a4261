//! Curves over time with bands: step lines, as estimates from event times are.

use super::canvas::{Axis, Canvas, Frame, WIDTH, round_up};
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
            Axis::Words(apart(words)),
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

/// Width of a letter on an axis, and of what lies left of the plot.
const LETTER: f64 = 6.6;
const MARGIN: f64 = 70.0;

/// The words without those that would touch one another, the last one kept.
fn apart(words: &[String]) -> Vec<String> {
    let slot = (WIDTH - MARGIN) / words.len().max(1) as f64;
    let width = |word: &String| LETTER * (word.chars().count() + 1) as f64;
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    let mut free = f64::INFINITY;
    for (at, word) in words.iter().enumerate().rev() {
        let (middle, half) = (at as f64 * slot, width(word) / 2.0);
        let fits = !word.is_empty() && middle + half <= free;
        if fits {
            free = middle - half;
        }
        kept.push(if fits { word.clone() } else { String::new() });
    }
    kept.reverse();
    kept
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
        canvas.path(&line, curve.colour, 2.0, "");
    } else if let Some(only) = line.first() {
        canvas.dot(*only, 4.0, curve.colour);
    }
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn words_on_the_axis_do_not_touch() {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"].map(str::to_owned);
        assert_eq!(apart(&months), months, "short ones stay");
        let long: Vec<String> = (1..=12).map(|month| format!("FY25-P{month:02}")).collect();
        let kept = apart(&long);
        assert_eq!(kept[11], "FY25-P12");
        assert_eq!(kept.iter().filter(|word| !word.is_empty()).count(), 6, "{kept:?}");
        let weeks: Vec<String> = (0..26)
            .map(|at| if at % 4 == 1 { "25 May".to_owned() } else { String::new() })
            .collect();
        assert_eq!(apart(&weeks), weeks, "those that are apart stay");
    }
}
