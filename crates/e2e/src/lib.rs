//! Starts the built binary and talks to it.
