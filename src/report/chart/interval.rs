//! Interval plot: one row per group, a point and the interval around it, sorted by the caller.

use super::canvas::{Axis, Canvas, Frame, round_up};

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The name.
    pub(crate) label: String,
    /// The point.
    pub(crate) value: Option<f64>,
    /// The interval.
    pub(crate) limits: Option<(f64, f64)>,
    /// Other points on the row, drawn as small ticks.
    pub(crate) marks: Vec<f64>,
    /// Whether the row stands out.
    pub(crate) is_flagged: bool,
    /// Whether it rests on few cases and is drawn faint.
    pub(crate) is_faint: bool,
    /// The tooltip.
    pub(crate) tip: String,
}

/// The drawing, with a dashed line at `reference`; empty if no row has a value.
pub(crate) fn intervals(
    id: &str,
    title: &str,
    rows: &[Row],
    axis: (&str, fn(f64) -> String),
    reference: Option<f64>,
) -> String {
    if rows.iter().all(|row| row.value.is_none()) {
        return String::new();
    }
    let all = rows.iter().flat_map(|r| {
        let limits = r.limits.map(|(lower, upper)| [lower, upper]);
        r.value.into_iter().chain(limits.into_iter().flatten()).chain(r.marks.iter().copied())
    });
    let all: Vec<f64> = all.chain(reference).filter(|v| v.is_finite()).collect();
    let largest = all.iter().copied().fold(0.0, f64::max);
    let least = all.iter().copied().fold(0.0, f64::min);
    let from = if least < 0.0 { -round_up(-least) } else { 0.0 };
    let names: Vec<String> = rows.iter().rev().map(|r| r.label.clone()).collect();
    let frame = Frame {
        id,
        title,
        height: 62.0 + 27.0 * rows.len() as f64,
        x: Axis::Numbers(from, round_up(largest), Some(axis.1)),
        y: Axis::Words(names),
        x_label: axis.0,
        y_label: "",
    };
    let mut canvas = Canvas::new(&frame);
    let (top, bottom) = (canvas.y(rows.len() as f64 + 0.5), canvas.y(0.5));
    if let Some(at) = reference {
        let x = canvas.x(at);
        canvas.dashed((x, top), (x, bottom), "var(--second)", 1.2, "4 3");
    }
    for (at, row) in rows.iter().enumerate() {
        let y = canvas.y((rows.len() - at) as f64);
        canvas.group(&row.tip, |canvas| draw(canvas, row, y));
    }
    canvas.finish()
}

fn draw(canvas: &mut Canvas, row: &Row, y: f64) {
    let colour = match (row.is_flagged, row.is_faint) {
        (true, _) => "var(--second)",
        (_, true) => "var(--faint)",
        _ => "var(--accent)",
    };
    if let Some((lower, upper)) = row.limits {
        let (from, to) = (canvas.x(lower), canvas.x(upper));
        canvas.line((from, y), (to, y), colour, 2.0);
        canvas.line((from, y - 4.0), (from, y + 4.0), colour, 1.4);
        canvas.line((to, y - 4.0), (to, y + 4.0), colour, 1.4);
    }
    for mark in &row.marks {
        let x = canvas.x(*mark);
        canvas.line((x, y - 5.0), (x, y + 5.0), "var(--soft)", 1.6);
    }
    if let Some(value) = row.value {
        let x = canvas.x(value);
        canvas.dot((x, y), 5.0, colour);
    }
}
