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
    let frame = |row: f64| Frame {
        id,
        title,
        height: 60.0 + row * bars.len() as f64,
        x: Axis::Numbers(0.0, end, Some(axis.1)),
        y: Axis::Words(bars.iter().rev().map(|b| b.label.clone()).collect()),
        x_label: axis.0,
        y_label: "",
    };
    let mut canvas = Canvas::new(&frame(ROW));
    let places: Vec<Place> = bars.iter().map(|bar| place(&canvas, bar)).collect();
    let lift = if places.contains(&Place::Below) { LINE / 2.0 } else { 0.0 };
    if lift > 0.0 {
        canvas = Canvas::new(&frame(ROW + LINE));
    }
    for (at, (bar, place)) in bars.iter().zip(places).enumerate() {
        let y = canvas.y((bars.len() - at) as f64) - lift;
        let mut from = 0.0;
        for part in bar.parts.iter().filter(|p| p.value.is_finite() && p.value > 0.0) {
            let (left, right) = (canvas.x(from), canvas.x(from + part.value));
            from += part.value;
            canvas.group(&part.tip, |canvas| draw(canvas, part, (left, right), y));
        }
        write(&mut canvas, bar, place, y);
    }
    canvas.finish()
}

/// Height of a row, and of a line of words below a bar.
const ROW: f64 = 30.0;
const LINE: f64 = 16.0;

/// Width of a letter.
const LETTER: f64 = 6.6;

/// Where the words of a bar stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Behind,
    On,
    Before,
    Below,
}

/// The left and the right end of the last part of a bar; of nothing, where the axis begins.
fn last_part(canvas: &Canvas, bar: &Bar) -> (f64, f64) {
    let parts = bar.parts.iter().map(|p| p.value).filter(|v| v.is_finite() && *v > 0.0);
    let (before, all) = parts.fold((0.0, 0.0), |(_, all), value| (all, all + value));
    (canvas.x(before), canvas.x(all))
}

/// The first place where the words have room: behind the bar, on its last part, before that if nothing is
/// drawn there, below.
fn place(canvas: &Canvas, bar: &Bar) -> Place {
    let (left, right) = last_part(canvas, bar);
    let drawn = bar.parts.iter().filter(|part| part.value > 0.0 && part.colour != "transparent");
    let is_alone = drawn.count() < 2;
    let needed = 12.0 + LETTER * bar.text.chars().count() as f64;
    match () {
        () if WIDTH - right > needed => Place::Behind,
        () if right - left > needed => Place::On,
        () if is_alone && left - canvas.x(0.0) > needed => Place::Before,
        () => Place::Below,
    }
}

fn write(canvas: &mut Canvas, bar: &Bar, place: Place, y: f64) {
    let (left, right) = last_part(canvas, bar);
    let last = bar.parts.iter().rev().find(|p| p.value > 0.0);
    let (x, anchor, colour) = match place {
        Place::Behind => (right + 6.0, TextAnchor::Start, "var(--ink)"),
        Place::On => (right - 6.0, TextAnchor::End, ink(last.map_or("", |part| part.colour))),
        Place::Before => (left - 6.0, TextAnchor::End, "var(--ink)"),
        Place::Below => {
            let x = canvas.x(0.0) + 2.0;
            let room = ((WIDTH - x - 4.0) / LETTER).max(1.0) as usize;
            let words = match bar.text.chars().count() > room {
                true => bar.text.chars().take(room - 1).chain(['…']).collect(),
                false => bar.text.clone(),
            };
            canvas.text((x, y + 22.0), &words, TextAnchor::Start, "var(--ink)");
            return;
        }
    };
    canvas.text((x, y + 4.0), &bar.text, anchor, colour);
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

    #[test]
    fn words_that_fit_nowhere_beside_a_bar_stand_below_it_and_within_the_drawing() {
        let part = |value| Part {
            value,
            colour: "var(--accent)",
            text: String::new(),
            tip: String::new(),
        };
        let of = |currencies: usize| Bar {
            label: "A stage".to_owned(),
            parts: (0..currencies).map(|_| part(10.0)).collect(),
            text: vec!["10 · EUR 62.0k"; currencies].join(", "),
        };
        let drawn = |bar: Bar| bars("t", "title", &[bar], ("", |n| n.to_string()), None);
        let text = |svg: &str| -> (f64, f64) {
            let text = svg.split("<text").find(|text| text.contains("EUR")).unwrap();
            let number = |name: &str| {
                let rest = text.split(&format!("{name}=\"")).nth(1).unwrap();
                rest.split('"').next().unwrap().parse::<f64>().unwrap()
            };
            (number(" x"), number(" y"))
        };
        // Nor do they stand on parts that are drawn before the last one.
        let mut uneven = of(3);
        uneven.parts[0].value = 200.0;
        assert!((text(&drawn(uneven)).1 - text(&drawn(of(4))).1).abs() < 1e-9);
        let svg = drawn(of(4));
        let axis = svg.split("<rect ").nth(1).unwrap().split("x=\"").nth(1).unwrap();
        let axis: f64 = axis.split('"').next().unwrap().parse().unwrap();
        assert!(text(&svg).0 >= axis - 1.0, "{svg}");
        let long = drawn(of(12));
        assert!(long.contains('…') && text(&long).1 > text(&drawn(of(1))).1, "{long}");
    }
}
