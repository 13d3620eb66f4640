#!/bin/sh
# Cargo's RUSTC_WORKSPACE_WRAPPER: compiles the crates of this workspace with the flags in RUSTC_WITH.
# shellcheck disable=SC2086
exec "$@" $RUSTC_WITH
