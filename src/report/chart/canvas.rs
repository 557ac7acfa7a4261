//! One drawing: a frame with axes by kuva, marks with tooltips, and the SVG made fit for the page.

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::render::axis::{add_axes_and_grid, add_labels_and_title};
use kuva::render::color::Color;
use kuva::render::layout::{ComputedLayout, Layout, TickFormat};
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};
use kuva::render::theme::Theme;

use super::slim::{corners, slim};

/// Width of every chart in drawing units; the page scales it.
pub(super) const WIDTH: f64 = 720.0;

/// Ticks of a horizontal axis.
const MOST_TICKS: f64 = 10.0;

/// Height that a tick of a vertical axis takes.
const TICK_ROOM: f64 = 45.0;

/// Letters of a label on an axis; the table beside the chart has it whole.
const LABEL_LETTERS: usize = 42;

/// Those of them that are the last of the name.
const LAST_LETTERS: usize = 14;

/// How an axis is labelled.
#[derive(Clone, Default)]
pub(super) enum Axis {
    /// Numbers between two ends, with the words for a tick.
    Numbers(f64, f64, Option<fn(f64) -> String>),
    /// Words at 1, 2, 3 …
    Words(Vec<String>),
    /// Nothing is written.
    #[default]
    Hidden,
}

/// What a chart is drawn in.
#[derive(Clone, Default)]
pub(super) struct Frame<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    /// Read aloud.
    pub(super) title: &'a str,
    /// Drawing units.
    pub(super) height: f64,
    /// The horizontal axis.
    pub(super) x: Axis,
    /// The vertical axis.
    pub(super) y: Axis,
    /// Under the horizontal axis.
    pub(super) x_label: &'a str,
    /// Beside the vertical axis.
    pub(super) y_label: &'a str,
}

/// A drawing in the making.
pub(super) struct Canvas {
    scene: Scene,
    computed: ComputedLayout,
    id: String,
    title: String,
}

impl Canvas {
    /// A frame with its axes drawn.
    pub(super) fn new(frame: &Frame<'_>) -> Self {
        let (x_range, y_range) = (range(&frame.x), range(&frame.y));
        let mut layout = Layout::new(x_range, y_range)
            .with_width(WIDTH)
            .with_height(frame.height)
            .with_theme(theme())
            .with_clamp_axis()
            .with_x_axis_min(x_range.0)
            .with_x_axis_max(x_range.1)
            .with_y_axis_min(y_range.0)
            .with_y_axis_max(y_range.1)
            .with_label_size(12)
            .with_tick_size(12);
        if !frame.x_label.is_empty() {
            layout = layout.with_x_label(plain(frame.x_label));
        }
        if !frame.y_label.is_empty() {
            layout = layout.with_y_label(plain(frame.y_label));
        }
        match &frame.x {
            Axis::Words(words) => layout = layout.with_x_categories(labels(words)),
            Axis::Numbers(from, to, Some(words)) => {
                let step = step(to - from, MOST_TICKS, *words);
                layout = layout.with_x_tick_format(format(*words)).with_x_tick_step(step);
            }
            Axis::Numbers(..) => {}
            Axis::Hidden => layout.suppress_x_ticks = true,
        }
        match &frame.y {
            Axis::Words(words) => layout = layout.with_y_categories(labels(words)),
            Axis::Numbers(from, to, Some(words)) => {
                let step = step(to - from, frame.height / TICK_ROOM, *words);
                layout = layout.with_y_tick_format(format(*words)).with_y_tick_step(step);
            }
            Axis::Numbers(..) => {}
            Axis::Hidden => layout.suppress_y_ticks = true,
        }
        let computed = ComputedLayout::from_layout(&layout);
        let mut scene = Scene::new(computed.width, computed.height).with_background(None);
        add_axes_and_grid(&mut scene, &computed, &layout);
        add_labels_and_title(&mut scene, &computed, &layout);
        Self { scene, computed, id: frame.id.to_owned(), title: frame.title.to_owned() }
    }

    /// Pixel of a value on the horizontal axis.
    pub(super) fn x(&self, value: f64) -> f64 {
        self.computed.map_x(value)
    }

    /// Pixel of a value on the vertical axis.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.computed.map_y(value)
    }

    /// Draws what `marks` draws as one group with this tooltip.
    pub(super) fn group(&mut self, tip: &str, marks: impl FnOnce(&mut Self)) {
        self.classed("m", tip, marks);
    }

    /// The same with style classes of its own, `m` among them.
    pub(super) fn classed(&mut self, class: &str, tip: &str, marks: impl FnOnce(&mut Self)) {
        let title = (!tip.is_empty()).then(|| tip.to_owned());
        let extra_attrs = Some(format!("class=\"{class}\""));
        self.scene.elements.push(Primitive::GroupStart { transform: None, title, extra_attrs });
        marks(self);
        self.scene.elements.push(Primitive::GroupEnd);
    }

    /// A line between two points in pixels.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        self.dashed(from, to, colour, width, "");
    }

    /// A line with dashes; none if `dashes` is empty.
    pub(super) fn dashed(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        colour: &str,
        width: f64,
        dashes: &str,
    ) {
        self.scene.elements.push(Primitive::Line {
            x1: from.0,
            y1: from.1,
            x2: to.0,
            y2: to.1,
            stroke: Color::from(colour),
            stroke_width: width,
            stroke_dasharray: (!dashes.is_empty()).then(|| dashes.to_owned()),
        });
    }

    /// A line through points in pixels.
    pub(super) fn path(&mut self, points: &[(f64, f64)], colour: &str, width: f64, dashes: &str) {
        self.scene.elements.push(Primitive::PolyLine {
            points: corners(points),
            stroke: Color::from(colour),
            stroke_width: width,
            stroke_dasharray: (!dashes.is_empty()).then(|| dashes.to_owned()),
        });
    }

    /// A filled area between an upper and a lower line, in pixels.
    pub(super) fn area(&mut self, upper: &[(f64, f64)], lower: &[(f64, f64)], colour: &str) {
        let mut d = String::new();
        for (at, (x, y)) in corners(upper).iter().chain(corners(lower).iter().rev()).enumerate() {
            d.push_str(&format!("{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" }));
        }
        d.push('Z');
        self.scene.elements.push(Primitive::Path(Box::new(PathData {
            d,
            fill: Some(Color::from(colour)),
            stroke: Color::None,
            stroke_width: 0.0,
            opacity: Some(0.16),
            stroke_dasharray: None,
        })));
    }

    /// A filled rectangle: corner, size, colour, opacity.
    pub(super) fn rect(&mut self, corner: (f64, f64), size: (f64, f64), fill: &str, opacity: f64) {
        self.scene.elements.push(Primitive::Rect {
            x: corner.0,
            y: corner.1,
            width: size.0.max(0.0),
            height: size.1.max(0.0),
            fill: Color::from(fill),
            stroke: None,
            stroke_width: None,
            opacity: Some(opacity),
        });
    }

    /// A filled circle with a rim of the paper's colour.
    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, fill: &str) {
        self.scene.elements.push(Primitive::Circle {
            cx: at.0,
            cy: at.1,
            r: radius,
            fill: Color::from(fill),
            fill_opacity: None,
            stroke: Some(Color::from("var(--paper)")),
            stroke_width: Some(1.0),
        });
    }

    /// A word; `anchor` is where `at` lies in it.
    pub(super) fn text(&mut self, at: (f64, f64), words: &str, anchor: TextAnchor, colour: &str) {
        self.scene.elements.push(Primitive::Text {
            x: at.0,
            y: at.1,
            content: plain(words),
            size: 12,
            anchor,
            rotate: None,
            bold: false,
            color: Some(Color::from(colour)),
        });
    }

    /// Defines a hatching of this drawing in a colour; returns the paint to fill with.
    pub(super) fn hatch(&mut self, name: &str, colour: &str) -> String {
        let id = format!("{}-{name}", self.id);
        self.scene.defs.push(format!(
            "<pattern id=\"{id}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" \
             stroke=\"{colour}\" stroke-width=\"2.4\"/></pattern>"
        ));
        format!("url(#{id})")
    }

    /// The drawing as SVG for the page: scalable, titled, in the page's fonts and colours.
    pub(super) fn finish(self) -> String {
        let drawn = SvgBackend::new().render_scene(&self.scene);
        let body = drawn.split_once("-->").map_or(drawn.as_str(), |(_, body)| body);
        let (width, height) = (self.computed.width.round(), self.computed.height.round());
        let (id, title, body) = (&self.id, escape(&self.title), slim(body));
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title\"><title id=\"{id}-title\">{title}</title>{body}"
        )
    }
}

fn range(axis: &Axis) -> (f64, f64) {
    match axis {
        Axis::Numbers(from, to, _) if to > from => (*from, *to),
        Axis::Numbers(from, ..) => (*from, from + 1.0),
        Axis::Words(words) => (0.5, words.len().max(1) as f64 + 0.5),
        Axis::Hidden => (0.0, 1.0),
    }
}

fn format(words: fn(f64) -> String) -> TickFormat {
    TickFormat::Custom(Arc::new(words))
}

fn labels(words: &[String]) -> Vec<String> {
    words.iter().map(|word| plain(&shorten(word))).collect()
}

/// Cuts a long name for an axis in its middle: names that begin alike often differ at the end, where
/// counts stand too. A letter from Hangul or Han on is as wide as two.
pub(super) fn shorten(word: &str) -> String {
    let width = |letter: char| if letter >= '\u{1100}' { 2 } else { 1 };
    if word.chars().map(width).sum::<usize>() <= LABEL_LETTERS {
        return word.to_owned();
    }
    let fits = |mut left: usize| {
        move |letter: &char| {
            let is_room = width(*letter) <= left;
            left = left.saturating_sub(width(*letter));
            is_room
        }
    };
    let tail: Vec<char> = word.chars().rev().take_while(fits(LAST_LETTERS)).collect();
    let head = word.chars().take_while(fits(LABEL_LETTERS - 1 - LAST_LETTERS));
    head.chain(['…']).chain(tail.into_iter().rev()).collect()
}

/// Kuva reads text between dollar signs as mathematics; names and currencies are text.
fn plain(words: &str) -> String {
    words.replace('$', "\\$")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn theme() -> Theme {
    Theme {
        background: "none".to_owned(),
        axis_color: "var(--axis)".to_owned(),
        grid_color: "var(--grid)".to_owned(),
        tick_color: "var(--axis)".to_owned(),
        text_color: "var(--soft)".to_owned(),
        legend_bg: "none".to_owned(),
        legend_border: "none".to_owned(),
        pie_leader: "none".to_owned(),
        box_median: "none".to_owned(),
        violin_border: "none".to_owned(),
        colorbar_border: "none".to_owned(),
        font_family: None,
        show_grid: true,
    }
}

/// The end of an axis that holds `largest`: the next of 1, 2, 2.5, 5 times a power of ten.
pub(super) fn round_up(largest: f64) -> f64 {
    if !(largest.is_finite() && largest > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(largest.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let fits = steps.iter().find(|step| **step * power >= largest * (1.0 - 1e-9));
    fits.map_or(10.0 * power, |step| step * power)
}

/// The distance of ticks on an axis of this length: 1, 2, 2.5 or 5 times a power of ten, such that
/// there are not too many, that each has a label, and that one stands at the end if possible.
fn step(length: f64, most: f64, words: fn(f64) -> String) -> f64 {
    let power = 10f64.powf((length / most).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0].map(|step| step * power);
    let fits = |step: &&f64| length / **step <= most && !words(**step).is_empty();
    let ends = |step: &&f64| {
        let parts = length / **step;
        (parts - parts.round()).abs() < 1e-6 && parts >= most / 4.0
    };
    let at_end = steps.iter().filter(fits).find(ends);
    at_end.or_else(|| steps.iter().find(fits)).copied().unwrap_or_else(|| length.max(1.0).ceil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        for (largest, end) in [(0.0, 1.0), (0.31, 0.4), (7.0, 8.0), (100.0, 100.0), (101.0, 120.0)]
        {
            assert!((round_up(largest) - end).abs() < 1e-9, "{largest}");
        }
    }

    #[test]
    fn ticks_have_exact_labels_and_counts_are_whole() {
        use crate::report::format::{count_tick, number_tick, percent_tick};
        for (length, most, expected) in [(1.0, 7.0, 0.2), (0.25, 7.0, 0.05), (150.0, 10.0, 25.0)] {
            assert!((step(length, most, number_tick) - expected).abs() < 1e-9, "{length}");
        }
        for end in [0.0001, 0.012, 0.15, 0.4, 1.0, 2.5, 12.0, 15.0, 25.0, 60.0, 800.0] {
            for most in [6.0, 7.0, 10.0] {
                let (share, days) = (step(end, most, percent_tick), step(end, most, number_tick));
                let label = percent_tick(share);
                let read: f64 = label.trim_end_matches('%').replace(',', "").parse().unwrap();
                assert!((read / 100.0 - share).abs() < 1e-9 || end < 0.001, "{label} for {share}");
                assert!(end / days <= most + 1e-9, "{end} in steps of {days}");
                let count = step(end, most, count_tick);
                assert!(count >= 1.0 && count.fract() == 0.0, "{end} in steps of {count}");
            }
        }
    }

    #[test]
    fn long_names_are_cut_by_their_width() {
        assert_eq!(shorten("Proposal"), "Proposal");
        let rep = shorten(&("a".repeat(50) + " (7)"));
        assert_eq!(rep, "a".repeat(27) + "…" + &"a".repeat(10) + " (7)");
        assert_eq!(rep.chars().count(), LABEL_LETTERS);
        assert_eq!(shorten(&"阶".repeat(30)), "阶".repeat(13) + "…" + &"阶".repeat(7));
        assert_eq!(shorten(&"阶".repeat(21)), "阶".repeat(21));
    }

    #[test]
    fn names_are_text_even_with_dollars_and_tags() {
        let words = vec!["$a$ & <script>".to_owned()];
        let frame = Frame {
            id: "t",
            title: "a < b",
            height: 80.0,
            x: Axis::Numbers(0.0, 1.0, None),
            y: Axis::Words(words),
            ..Frame::default()
        };
        let svg = Canvas::new(&frame).finish();
        assert!(svg.contains("$a$ &amp; &lt;script&gt;"), "{svg}");
        assert!(svg.contains("a &lt; b"));
        assert!(svg.ends_with("</svg>") || svg.trim_end().ends_with("</svg>"));
    }
}
