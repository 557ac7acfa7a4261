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
    /// What is written in it.
    pub(crate) text: String,
    /// How it is filled.
    pub(crate) fill: Fill,
    /// The tooltip.
    pub(crate) tip: String,
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
    let hatch = canvas.hatch();
    let (width, height) = (canvas.x(2.0) - canvas.x(1.0), canvas.y(1.0) - canvas.y(2.0));
    let is_roomy = width >= 38.0;
    for cell in cells.iter().filter(|c| c.value.is_finite()) {
        let shade = (cell.value / largest).clamp(0.0, 1.0);
        let centre = (canvas.x(cell.column as f64 + 1.0), canvas.y((rows.len() - cell.row) as f64));
        let corner = (centre.0 - width / 2.0 + 0.75, centre.1 - height / 2.0 + 0.75);
        let size = (width - 1.5, height - 1.5);
        canvas.group(&cell.tip, |canvas| {
            canvas.rect(corner, size, "var(--heat)", 0.06 + 0.86 * shade);
            if cell.fill == Fill::Hatched {
                canvas.rect(corner, size, &hatch, 0.55);
            }
            if is_roomy {
                let ink = if shade > 0.5 { "var(--on-heat)" } else { "var(--ink)" };
                canvas.text((centre.0, centre.1 + 4.0), &cell.text, TextAnchor::Middle, ink);
            }
        });
    }
    canvas.finish()
}
