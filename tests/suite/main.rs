//! Tests through the public interface.

mod store;
