//! Waterfalls: what came and went between two stocks, each bar beginning where the last one ended.

use kuva::render::render::TextAnchor;

use super::canvas::{Axis, Canvas, Frame, WIDTH, round_up};

/// A bar of a waterfall.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The name.
    pub(crate) label: String,
    /// A stock, which stands on zero, or what is added to the last bar's end.
    pub(crate) value: f64,
    /// Whether it is a stock.
    pub(crate) is_stock: bool,
    /// Written at its end.
    pub(crate) text: String,
    /// The tooltip.
    pub(crate) tip: String,
}

/// The drawing; `axis` names the amounts and writes its ticks.
pub(crate) fn waterfall(
    id: &str,
    title: &str,
    steps: &[Step],
    axis: (&str, fn(f64) -> String),
) -> String {
    let spans = spans(steps);
    let highest = spans.iter().map(|(from, to)| from.max(*to)).fold(0.0, f64::max);
    let lowest = spans.iter().map(|(from, to)| from.min(*to)).fold(0.0, f64::min);
    let from = if lowest < 0.0 { -round_up(-lowest * 1.15) } else { 0.0 };
    let frame = Frame {
        id,
        title,
        height: 60.0 + 28.0 * steps.len() as f64,
        x: Axis::Numbers(from, round_up(highest * 1.15), Some(axis.1)),
        y: Axis::Words(steps.iter().rev().map(|step| step.label.clone()).collect()),
        x_label: axis.0,
        y_label: "",
    };
    let mut canvas = Canvas::new(&frame);
    for (at, (step, (from, to))) in steps.iter().zip(spans).enumerate() {
        let y = canvas.y((steps.len() - at) as f64);
        let (left, right) = (canvas.x(from.min(to)), canvas.x(from.max(to)));
        let colour = match (step.is_stock, step.value < 0.0) {
            (true, _) => "var(--accent)",
            (false, true) => "var(--second)",
            (false, false) => "var(--third)",
        };
        canvas.group(&step.tip, |canvas| {
            let width = (right - left).max(1.0);
            canvas.rect((left, y - 9.0), (width, 18.0), colour, 1.0);
        });
        let needed = 12.0 + 6.6 * step.text.chars().count() as f64;
        let (x, anchor) = match WIDTH - right > needed {
            true => (right + 6.0, TextAnchor::Start),
            false => (left - 6.0, TextAnchor::End),
        };
        canvas.text((x, y + 4.0), &step.text, anchor, "var(--ink)");
    }
    if from < 0.0 {
        let (zero, top, bottom) = (canvas.x(0.0), steps.len() as f64 + 0.5, 0.5);
        let (top, bottom) = (canvas.y(top), canvas.y(bottom));
        canvas.dashed((zero, top), (zero, bottom), "var(--soft)", 1.2, "4 3");
    }
    canvas.finish()
}

/// Where each bar begins and ends.
fn spans(steps: &[Step]) -> Vec<(f64, f64)> {
    let mut level = 0.0;
    let span = |step: &Step| {
        let from = if step.is_stock { 0.0 } else { level };
        level = from + step.value;
        (from, level)
    };
    steps.iter().map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_where_the_last_one_ended() {
        let step = |value, is_stock| Step {
            label: String::new(),
            value,
            is_stock,
            text: String::new(),
            tip: String::new(),
        };
        let steps = [step(10.0, true), step(5.0, false), step(-7.0, false), step(8.0, true)];
        assert_eq!(spans(&steps), [(0.0, 10.0), (10.0, 15.0), (15.0, 8.0), (0.0, 8.0)]);
    }

    #[test]
    fn a_level_below_zero_is_as_long_as_one_above() {
        let step = |value, is_stock| Step {
            label: "x".to_owned(),
            value,
            is_stock,
            text: String::new(),
            tip: String::new(),
        };
        let svg = waterfall(
            "t",
            "title",
            &[step(100.0, true), step(-200.0, false), step(-100.0, true)],
            ("", |n| n.to_string()),
        );
        let width = |rect: &str| -> f64 {
            rect.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        let rects: Vec<f64> = svg.split("<rect ").skip(1).map(width).collect();
        assert_eq!(rects.len(), 3, "{svg}");
        assert!((rects[0] - rects[2]).abs() < 0.5 && rects[1] > 1.9 * rects[0], "{rects:?}");
    }
}
