# The verbs of the house. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Rust's installer puts cargo here, and shells that were open before do not know it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

LISTEN = 127.0.0.1:8000
DATA = ./data
# Given on the command line: make run LISTEN=...; more for nextest, such as ARGS='-E "test(webhook)"'.
ARGS =
# Seconds that each fuzz target gets: make fuzz SECONDS=300 TARGETS=decode
SECONDS = 60
TARGETS =
# Seconds of killing on each engine, and the seed of an earlier time.
KILL_SECS = 120
SEED =
target_dir := $(or $(CARGO_TARGET_DIR),target)

# $(call nextest,<arguments>): with the servers up and their addresses in the environment.
# Without an address nothing runs: a missing server is a failure, never a skip.
# nextest leaves out examples in the documentation, so the full run has them first.
define nextest
	@scripts/setup.sh test
	@scripts/services.sh start
	@servers=$$(scripts/services.sh env); tools=$$(scripts/setup.sh env); export $$servers $$tools; \
	$(if $(1)$(ARGS),,cargo test --doc --quiet --workspace --locked;) \
	cargo nextest run --workspace --locked $(1) $(ARGS)
endef

.PHONY: help run test check lint check-ui bless e2e kills fuzz bench attack fmt deny doc clean

run: ## Build the release binary and serve on 127.0.0.1:8000, data in ./data
	@scripts/setup.sh build
	cargo build --release --locked -p minilab
	@exec $(target_dir)/release/minilab serve --listen $(LISTEN) --data $(DATA)

test: ## Run all tests, against real servers that it starts when none answer
	$(call nextest)

# What is left out is for machines that cannot have it: make check WITHOUT=deny
WITHOUT =
check: $(filter-out $(WITHOUT),lint check-ui doc deny) ## Formatting, clippy, pages, documentation, licences: what a change must pass

lint: ## The quick half of check: formatting and clippy
	@scripts/setup.sh check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

check-ui: ## Hold the modules of the pages against the types of the API
	@scripts/setup.sh ui
	@tools=$$(scripts/setup.sh env); export $$tools; scripts/check-ui.sh

bless: export MINILAB_BLESS = 1
bless: ## Write docs/openapi.json and docs/errors.md anew; read the diff before you commit it
	$(call nextest,-E 'test(in_the_repository_is_what_the_code_says)')
	git diff --stat -- docs/openapi.json docs/errors.md

# Builds the whole workspace like `test`: so cargo chooses the same features and builds nothing twice.
e2e: ## Run only the stories told to the built binary from outside
	$(call nextest,-E 'package(e2e)')

# The same story again: make kills SEED=12345
kills: export E2E_KILL_SECS = $(KILL_SECS)
kills: export E2E_SEED = $(SEED)
kills: ## Kill workers at random for minutes while pictures come in, on both engines
	$(call nextest,-E 'test(workers_killed_at_random)' --no-capture)

fuzz: ## Let fuzzers feed the readers of strangers' bytes, a minute each
	@scripts/setup.sh build
	scripts/fuzz.sh $(SECONDS) $(TARGETS)

bench: ## Measure the release binary beside a peer, half an hour; ARGS=--write keeps the tables
	@scripts/setup.sh build
	cargo build --release --locked -p minilab --bins --example receive
	bench/run --minilab $(target_dir)/release/minilab $(ARGS)
	bench/queue_pages.py --minilab $(target_dir)/release/minilab

attack: ## Attack the release binary with what once succeeded; ARGS=--write keeps the table
	@scripts/setup.sh test
	cargo build --release --locked -p minilab
	bench/attack.py --minilab $(target_dir)/release/minilab $(ARGS)

fmt: ## Format the code
	@scripts/setup.sh check
	cargo fmt --all

deny: ## Check licences, bans and origins of the dependencies
	@scripts/setup.sh deny
	cargo deny --offline check bans licenses sources

doc: ## Build the documentation of our crates; a broken link is an error
	@scripts/setup.sh build
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

clean: ## Stop the test servers and delete what was built; ./data stays
	scripts/services.sh stop
	cargo clean

help: ## List the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 10
