//! A line of the size of a word: how a number went over the last periods.

/// The drawing; empty if there are fewer than three known values.
pub(crate) fn spark(values: &[Option<f64>]) -> String {
    let known: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(at, v)| Some((at, (*v)?))).collect();
    let highest = known.iter().map(|(_, v)| *v).fold(0.0, f64::max);
    let lowest = known.iter().map(|(_, v)| *v).fold(0.0, f64::min);
    if known.len() < 3 || highest <= lowest {
        return String::new();
    }
    let step = 100.0 / (values.len() - 1) as f64;
    let place = |(at, v): &(usize, f64)| {
        (*at as f64 * step + 2.0, 22.0 - 20.0 * (v - lowest) / (highest - lowest))
    };
    let points: Vec<String> =
        known.iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let (x, y) = known.last().map_or((0.0, 0.0), place);
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 104 24\" aria-hidden=\"true\"><polyline points=\"{}\"/>\
         <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.4\"/></svg>",
        points.join(" ")
    )
}
