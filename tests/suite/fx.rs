//! Exchange rates, from their files through the store to the metrics; credit by time owned.

#[path = "fx/files.rs"]
mod files;
#[path = "fx/laws.rs"]
mod laws;
#[path = "fx/page.rs"]
mod page;
