//! A waterfall whose lines do not add up.

use super::*;
use crate::error::ErrorKind;
use crate::model::{AsOf, Config, Dataset, Sym, calendar};

#[test]
fn a_line_that_is_lost_fails_the_run() {
    let as_of = AsOf::Day(calendar::day_of("2026-05-10".parse().unwrap()));
    let run = Run::new(Config::default(), Some(as_of), &Dataset::default()).unwrap();
    let finish = |lose: bool| {
        let mut state = Windows::default();
        let whole = crate::metrics::Slice::whole(Sym::NONE);
        let lines = state.waterfall.0.cell(Window(whole, Sym::NONE, 0), &run);
        lines.put(Flow::Opening, 500);
        if !lose {
            lines.put(Flow::Lost, -500);
        }
        let mut run = run.clone();
        run.first_day -= 400;
        let mut table = MetricTable::new(&ABOUT, &run);
        ForecastWaterfall.try_write(&mut table, &state, &run).map(|()| table.sorted())
    };
    assert_eq!(finish(false).unwrap().rows.len(), 1);
    let error = finish(true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Balance);
    assert!(error.to_string().contains("500 minor units are left over"), "{error}");
}
