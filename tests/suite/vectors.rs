//! Reads the test vectors.

use serde_json::Value;

/// The vector whose file name starts with `id`.
pub fn vector(id: &str) -> Value {
    let mut files: Vec<_> =
        std::fs::read_dir("tests/vectors").unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_string_lossy().starts_with(id));
    let [file] = files.as_slice() else { panic!("not one vector {id}, but {files:?}") };
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The list at `path` (a JSON pointer).
pub fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.pointer(path).and_then(Value::as_array).unwrap_or_else(|| panic!("no list {path}"))
}

/// The number at `path`.
pub fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number {path}"))
}

/// The number at `path`, null allowed.
pub fn maybe(value: &Value, path: &str) -> Option<f64> {
    value.pointer(path).and_then(Value::as_f64)
}

/// The text at `path`.
pub fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no text {path}"))
}

/// Asserts that two numbers agree within the vectors' tolerance.
#[track_caller]
pub fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6, "{found} is not {expected}");
}

/// [`near`], where both may be null.
#[track_caller]
pub fn near_maybe(found: Option<f64>, expected: Option<f64>) {
    assert_eq!(found.is_some(), expected.is_some(), "{found:?} is not {expected:?}");
    if let (Some(found), Some(expected)) = (found, expected) {
        near(found, expected);
    }
}
