//! Funnel plot: rate against number of cases, with the limits within which chance alone would keep
//! a rep who is like the team (Spiegelhalter 2005).

use kuva::render::render::TextAnchor;

use super::canvas::{Axis, Canvas, Frame, WIDTH, round_up, shorten};
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
    /// What is said of the rate.
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
    let end = round_up(highest).min(1.0);
    let frame = Frame {
        id,
        title,
        height: 340.0,
        x: Axis::Numbers(0.0, round_up(widest * 1.05), Some(format::count_tick)),
        y: Axis::Numbers(0.0, end, Some(format::percent_tick)),
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
    for (dot, names) in &stacked(dots) {
        let at = (canvas.x(dot.n), canvas.y(dot.rate));
        canvas.group(&format!("{}: {}", names.join(", "), dot.tip), |canvas| {
            let colour = if dot.is_flagged { "var(--second)" } else { "var(--accent)" };
            canvas.dot(at, 5.0, colour);
        });
    }
    let marks = dots.iter().filter(|d| d.is_flagged);
    let marks = marks.map(|d| (canvas.x(d.n), canvas.y(d.rate), d.label.as_str())).collect();
    for label in labels(marks, (canvas.x(0.0), canvas.y(end))) {
        canvas.group(&label.names.join(", "), |canvas| {
            canvas.text((label.x, label.y), &label.text(), TextAnchor::Middle, "var(--ink)");
        });
    }
    canvas.finish()
}

/// The dots that can be seen, each with the names of all that lie on it: a tooltip is that of the uppermost.
fn stacked(dots: &[Dot]) -> Vec<(&Dot, Vec<&str>)> {
    let mut found: Vec<(&Dot, Vec<&str>)> = Vec::new();
    for dot in dots {
        let is_here = |other: &Dot| (other.n, other.rate) == (dot.n, dot.rate);
        match found.iter_mut().find(|(other, _)| is_here(other)) {
            Some((_, names)) => names.push(&dot.label),
            None => found.push((dot, vec![&dot.label])),
        }
    }
    found
}

/// A name beside a mark; where names would overlap, the number of reps.
#[derive(Debug)]
struct Label<'a> {
    mark: f64,
    x: f64,
    y: f64,
    names: Vec<&'a str>,
}

impl Label<'_> {
    fn text(&self) -> String {
        match self.names.as_slice() {
            [name] => shorten(name),
            names => format!("{} reps", names.len()),
        }
    }

    /// Half the width, from the number of letters.
    fn half(&self) -> f64 {
        3.4 * self.text().chars().count() as f64
    }

    /// Moves it under its mark, as far to the side as it must to stay in the drawing.
    fn fit(&mut self, left: f64) {
        let (least, most) = (left + self.half() + 2.0, WIDTH - self.half() - 2.0);
        self.x = self.mark.min(most).max(least);
    }

    fn overlaps(&self, other: &Self) -> bool {
        (self.x - other.x).abs() < self.half() + other.half() + 4.0
            && (self.y - other.y).abs() < 14.0
    }
}

/// Places the names of marks (x, y, name) inside a plot with this left edge and top: above the
/// mark, below it where there is no room above.
fn labels<'a>(marks: Vec<(f64, f64, &'a str)>, (left, top): (f64, f64)) -> Vec<Label<'a>> {
    let mut found: Vec<Label<'a>> = Vec::new();
    for (mark, at, name) in marks {
        let y = if at - 22.0 < top { at + 18.0 } else { at - 9.0 };
        let mut label = Label { mark, x: mark, y, names: vec![name] };
        label.fit(left);
        match found.iter_mut().find(|other| other.overlaps(&label)) {
            Some(other) => {
                other.names.push(name);
                other.fit(left);
            }
            None => found.push(label),
        }
    }
    found
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
    sorted.dedup_by(|a, b| a.n == b.n);
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

#[cfg(test)]
mod tests {
    use super::{Dot, Limit, labels, smooth, stacked};

    #[test]
    fn reps_who_are_alike_share_a_dot_that_names_them() {
        let dot = |n: f64, rate: f64, label: &str| Dot {
            n,
            rate,
            label: label.to_owned(),
            is_flagged: false,
            tip: String::new(),
        };
        let dots = [dot(2.0, 0.5, "Ann"), dot(3.0, 0.0, "Ben"), dot(2.0, 0.5, "Cleo")];
        let found: Vec<Vec<&str>> = stacked(&dots).into_iter().map(|(_, names)| names).collect();
        assert_eq!(found, [vec!["Ann", "Cleo"], vec!["Ben"]]);
        let limits = [2.0, 3.0, 2.0].map(|n| Limit { n, inner: (0.0, 1.0), outer: (0.0, 1.0) });
        assert_eq!(smooth(&limits).len(), 13, "a limit for each number of deals, not for each rep");
    }

    #[test]
    fn names_stay_inside_and_apart() {
        let marks = vec![
            (62.0, 20.0, "Bartholomew Cornelius"),
            (70.0, 20.0, "Ann"),
            (400.0, 20.0, "Ben"),
            (400.0, 200.0, "Cleo"),
            (716.0, 200.0, "Dan de Vries"),
        ];
        let found = labels(marks, (60.0, 20.0));
        let texts: Vec<String> = found.iter().map(|l| l.text()).collect();
        assert_eq!(texts, ["2 reps", "Ben", "Cleo", "Dan de Vries"]);
        assert_eq!(found[0].names, ["Bartholomew Cornelius", "Ann"]);
        assert_eq!((found[1].y, found[2].y), (38.0, 191.0), "below at the top edge, else above");
        for label in &found {
            assert!(label.x - label.half() >= 60.0 && label.x + label.half() <= 720.0, "{label:?}");
        }
    }
}
