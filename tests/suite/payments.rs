//! Payments: from their file through the store to the metrics, and as what makes a win.

#[path = "payments/files.rs"]
mod files;
#[path = "payments/laws.rs"]
mod laws;
#[path = "payments/page.rs"]
mod page;
