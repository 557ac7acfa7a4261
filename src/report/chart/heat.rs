//! Heat map of cohorts: complete cells solid, partial ones hatched, unknown ones left blank.

use kuva::render::render::TextAnchor;

use super::canvas::{Axis, Canvas, Frame};

/// How a cell is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Every deal was followed that long.
    Solid,
    /// Some were.
    Hatched,
}

/// A cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Row, from the top, from 0.
    pub(crate) row: usize,
    /// Column, from 0.
    pub(crate) column: usize,
    /// What the shade shows.
    pub(crate) value: f64,
    /// What is written in it, in full and in a narrow cell.
    pub(crate) text: [String; 2],
    /// How it is filled.
    pub(crate) fill: Fill,
    /// Whether it rests on few cases.
    pub(crate) is_few: bool,
    /// The tooltip.
    pub(crate) tip: String,
}

/// The shade of a cell with what can be read on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Light,
    Middle,
    Dark,
}

impl Tone {
    fn of(shade: f64) -> Self {
        match shade {
            shade if shade > 0.75 => Self::Dark,
            shade if shade > 0.6 => Self::Middle,
            _ => Self::Light,
        }
    }

    fn ink(self) -> &'static str {
        match self {
            Self::Light => "var(--ink)",
            Self::Middle => "var(--on-mid)",
            Self::Dark => "var(--on-heat)",
        }
    }
}

/// The drawing. The shade runs from 0 to `largest`.
pub(crate) fn heat(
    id: &str,
    title: &str,
    words: (&[String], &[String]),
    x_label: &str,
    largest: f64,
    cells: &[Cell],
) -> String {
    let (rows, columns) = words;
    let upwards: Vec<String> = rows.iter().rev().cloned().collect();
    let frame = Frame {
        id,
        title,
        height: 60.0 + 24.0 * rows.len() as f64,
        x: Axis::Words(columns.to_vec()),
        y: Axis::Words(upwards),
        x_label,
        y_label: "",
    };
    let mut canvas = Canvas::new(&frame);
    let bright = canvas.hatch("bright", "var(--paper)");
    let deep = canvas.hatch("deep", "var(--heat)");
    let (width, height) = (canvas.x(2.0) - canvas.x(1.0), canvas.y(1.0) - canvas.y(2.0));
    let (is_legible, is_wide) = (width >= 20.0, width >= 46.0);
    for cell in cells.iter().filter(|c| c.value.is_finite()) {
        let shade = (cell.value / largest).clamp(0.0, 1.0);
        let centre = (canvas.x(cell.column as f64 + 1.0), canvas.y((rows.len() - cell.row) as f64));
        let corner = (centre.0 - width / 2.0 + 0.75, centre.1 - height / 2.0 + 0.75);
        let size = (width - 1.5, height - 1.5);
        let tone = Tone::of(shade);
        let ground = match (cell.fill, tone) {
            (Fill::Solid, _) => "m",
            (Fill::Hatched, Tone::Dark) => "m on-dark",
            (Fill::Hatched, Tone::Middle) => "m on-mid",
            (Fill::Hatched, Tone::Light) => "m on-light",
        };
        let class = if cell.is_few { format!("{ground} few") } else { ground.to_owned() };
        canvas.classed(&class, &cell.tip, |canvas| {
            canvas.rect(corner, size, "var(--heat)", 0.05 + 0.95 * shade);
            match (cell.fill, tone) {
                (Fill::Solid, _) => {}
                (Fill::Hatched, Tone::Light) => canvas.rect(corner, size, &deep, 0.3),
                (Fill::Hatched, _) => canvas.rect(corner, size, &bright, 0.5),
            }
            if cell.is_few {
                let at = (corner.0 + size.0 - 4.5, corner.1 + 4.5);
                canvas.dot(at, 2.5, "var(--second)");
            }
            if is_legible {
                let ink = tone.ink();
                let words = &cell.text[usize::from(!is_wide)];
                let words = if width < 34.0 { words.trim_end_matches('%') } else { words };
                canvas.text((centre.0, centre.1 + 4.0), words, TextAnchor::Middle, ink);
            }
        });
    }
    canvas.finish()
}

#[cfg(test)]
mod tests {
    use super::{Cell, Fill, heat};

    #[test]
    fn hatching_and_words_are_seen_on_every_shade() {
        let cell = |(column, value)| Cell {
            row: 0,
            column,
            value,
            text: ["x".to_owned(), "x".to_owned()],
            fill: Fill::Hatched,
            is_few: column == 0,
            tip: String::new(),
        };
        let cells: Vec<Cell> = [0.0, 0.7, 1.0].into_iter().enumerate().map(cell).collect();
        let words = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let svg = heat("t", "title", (&words[..1], &words), "", 1.0, &cells);
        let drawn: Vec<&str> = svg.split("<g class=\"m").skip(1).collect();
        let expected = [
            (" on-light few\"", "url(#t-deep)", "var(--ink)"),
            (" on-mid\"", "url(#t-bright)", "var(--on-mid)"),
            (" on-dark\"", "url(#t-bright)", "var(--on-heat)"),
        ];
        for (cell, (class, hatch, ink)) in drawn.iter().zip(expected) {
            assert!(
                cell.starts_with(class) && cell.contains(hatch) && cell.contains(ink),
                "{cell}"
            );
        }
        assert_eq!(drawn.len(), expected.len());
    }
}
