//! Horizontal bars, whole or stacked from parts; they always start at zero.

use kuva::render::render::TextAnchor;

use super::canvas::{Axis, Canvas, Frame, WIDTH, round_up};

/// A part of a bar.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its length.
    pub(crate) value: f64,
    /// A CSS colour.
    pub(crate) colour: &'static str,
    /// Written inside where there is room; empty for none.
    pub(crate) text: String,
    /// The tooltip.
    pub(crate) tip: String,
}

/// A bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// The name.
    pub(crate) label: String,
    /// Its parts, from the left.
    pub(crate) parts: Vec<Part>,
    /// Written at its end.
    pub(crate) text: String,
}

/// The drawing; empty if no bar has a part or words. `full` is the end of the axis; the longest bar if
/// it is unknown.
pub(crate) fn bars(
    id: &str,
    title: &str,
    bars: &[Bar],
    axis: (&str, fn(f64) -> String),
    full: Option<f64>,
) -> String {
    let length =
        |bar: &Bar| bar.parts.iter().map(|p| p.value).filter(|v| v.is_finite()).sum::<f64>();
    if bars.iter().all(|bar| bar.text.is_empty() && length(bar) <= 0.0) {
        return String::new();
    }
    let longest = bars.iter().map(length).fold(0.0, f64::max);
    let end = full.unwrap_or_else(|| round_up(longest * 1.08));
    let frame = Frame {
        id,
        title,
        height: 60.0 + 30.0 * bars.len() as f64,
        x: Axis::Numbers(0.0, end, Some(axis.1)),
        y: Axis::Words(bars.iter().rev().map(|b| b.label.clone()).collect()),
        x_label: axis.0,
        y_label: "",
    };
    let mut canvas = Canvas::new(&frame);
    for (at, bar) in bars.iter().enumerate() {
        let y = canvas.y((bars.len() - at) as f64);
        let mut from = 0.0;
        for part in bar.parts.iter().filter(|p| p.value.is_finite() && p.value > 0.0) {
            let (left, right) = (canvas.x(from), canvas.x(from + part.value));
            from += part.value;
            canvas.group(&part.tip, |canvas| draw(canvas, part, (left, right), y));
        }
        let x = canvas.x(from);
        let needed = 12.0 + 6.6 * bar.text.chars().count() as f64;
        let last = bar.parts.iter().rev().find(|p| p.value > 0.0);
        let width = last.map_or(0.0, |part| x - canvas.x(from - part.value));
        let (x, anchor, ink) = if WIDTH - x > needed {
            (x + 6.0, TextAnchor::Start, "var(--ink)")
        } else if width > needed {
            (x - 6.0, TextAnchor::End, ink(last.map_or("", |part| part.colour)))
        } else {
            (x - width - 6.0, TextAnchor::End, "var(--ink)")
        };
        canvas.text((x, y + 4.0), &bar.text, anchor, ink);
    }
    canvas.finish()
}

/// The colour of words on a part.
fn ink(ground: &str) -> &'static str {
    if ground == "var(--faint)" { "var(--on-faint)" } else { "var(--on-bar)" }
}

fn draw(canvas: &mut Canvas, part: &Part, (left, right): (f64, f64), y: f64) {
    let width = (right - left - 1.0).max(0.6);
    canvas.rect((left + 0.5, y - 10.0), (width, 20.0), part.colour, 1.0);
    if right - left > 9.0 * part.text.chars().count() as f64 {
        let centre = (left + right) / 2.0;
        canvas.text((centre, y + 4.0), &part.text, TextAnchor::Middle, ink(part.colour));
    }
}

#[cfg(test)]
mod tests {
    use super::{Bar, Part, bars};

    #[test]
    fn words_that_fit_neither_behind_a_bar_nor_on_it_stand_before_it() {
        let part = |value, colour| Part { value, colour, text: String::new(), tip: String::new() };
        let bar = |gap: f64, own: f64| Bar {
            label: "x".to_owned(),
            parts: vec![part(gap, "transparent"), part(own, "var(--accent)")],
            text: "+USD 11.0k".to_owned(),
        };
        let drawn = |bar| bars("t", "title", &[bar], ("", |n| n.to_string()), Some(100.0));
        let words = |svg: String| -> (f64, String) {
            let text = svg.split("<text ").find(|text| text.contains("+USD")).unwrap().to_owned();
            let x = text.split("x=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
            (x, text)
        };
        let (behind, _) = words(drawn(bar(10.0, 10.0)));
        let (before, text) = words(drawn(bar(90.0, 9.0)));
        let (on, white) = words(drawn(bar(10.0, 89.0)));
        assert!(behind < before && before < on, "{behind} {before} {on}");
        assert!(text.contains("end") && text.contains("var(--ink)"), "{text}");
        assert!(white.contains("var(--on-bar)"), "{white}");
    }
}
