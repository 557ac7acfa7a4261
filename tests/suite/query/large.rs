//! Arithmetic on amounts that 64 bits do not hold.

use sluice::model::{Column, Table, Unit, Value};
use sluice::query::Engine;

use super::fixture;

/// A table `a` of these amounts.
fn table(amounts: &[i64]) -> Table {
    let columns = [("x_minor", Unit::Minor), ("n", Unit::Count)];
    Table {
        name: "a".to_owned(),
        columns: columns.map(|(name, unit)| Column::new(name, unit, "")).to_vec(),
        rows: amounts.iter().map(|&x| vec![Value::Int(x), Value::Int(2)]).collect(),
    }
}

fn answer(amounts: &[i64], sql: &str) -> Value {
    let (dataset, run) = fixture::empty();
    let tables = [table(amounts)];
    let engine = Engine::new(&dataset, &run, &tables).unwrap();
    engine.sql(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}")).rows[0][0].clone()
}

#[test]
fn what_may_not_fit_is_calculated_in_floating_point() {
    const MOST: f64 = i64::MAX as f64;
    let amounts = [i64::MAX, -i64::MAX];
    for (sql, right) in [
        ("SELECT MAX(x_minor) - MIN(x_minor) AS d FROM a", 2.0 * MOST),
        ("SELECT SUM(x_minor * 2) AS d FROM a WHERE x_minor > 0", 2.0 * MOST),
        ("SELECT SUM(2 * x_minor) AS d FROM a WHERE x_minor > 0", 2.0 * MOST),
        (
            "SELECT SUM(x_minor) AS d FROM (SELECT x_minor FROM a UNION ALL SELECT x_minor FROM a) u WHERE x_minor > 0",
            2.0 * MOST,
        ),
        ("SELECT MAX(x_minor + n) AS d FROM a", MOST),
        ("SELECT MAX(a.x_minor + a.x_minor) AS d FROM a", 2.0 * MOST),
        (
            "SELECT SUM(CASE WHEN n = 2 THEN x_minor + x_minor ELSE 0 END) AS d FROM a WHERE x_minor > 0",
            2.0 * MOST,
        ),
        (
            "SELECT SUM(y + y) AS d FROM (SELECT x_minor AS y FROM a WHERE x_minor > 0) t",
            2.0 * MOST,
        ),
        ("WITH t AS (SELECT x_minor AS y FROM a) SELECT MAX(y) - MIN(y) AS d FROM t", 2.0 * MOST),
        (
            "WITH t AS (SELECT x_minor AS y FROM a), u AS (SELECT y AS z FROM t) SELECT MAX(z) - MIN(z) AS d FROM u",
            2.0 * MOST,
        ),
        ("WITH t AS (SELECT MAX(x_minor) AS y FROM a) SELECT SUM(y * 4) AS d FROM t", 4.0 * MOST),
    ] {
        assert_eq!(answer(&amounts, sql), Value::float(right), "{sql}");
    }
    // Thirty million squared is beyond 64 bits, and so is a million of millions.
    let squares = "SELECT SUM(x_minor * x_minor) AS d FROM a";
    assert_eq!(answer(&[3_000_000_000; 2], squares), Value::float(1.8e19));
    let times = "SELECT SUM(x_minor * 1000000000000) AS d FROM a";
    assert_eq!(answer(&[100_000_000], times), Value::float(1e20));
}

#[test]
fn what_fits_stays_whole_and_what_is_not_calculated_with_exact() {
    for (sql, right) in [
        ("SELECT SUM(x_minor * 2) AS d FROM a", 2_000),
        ("SELECT MAX(x_minor) - MIN(x_minor) AS d FROM a", 0),
        ("SELECT SUM(x_minor * x_minor) AS d FROM a", 1_000_000),
    ] {
        assert_eq!(answer(&[1_000], sql), Value::Int(right), "{sql}");
    }
    for sql in [
        "SELECT MAX(x_minor) AS d FROM a",
        "SELECT x_minor FROM a WHERE x_minor = 9223372036854775807",
        "SELECT x_minor FROM a GROUP BY x_minor ORDER BY x_minor DESC",
    ] {
        assert_eq!(answer(&[i64::MAX, 1], sql), Value::Int(i64::MAX), "{sql}");
    }
}
