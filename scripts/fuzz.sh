#!/usr/bin/env bash
# Builds the fuzz targets and lets each of them try for some seconds; says in one line a target
# what came of it. Exits with 1 when one of them found something.
#
#   scripts/fuzz.sh SECONDS [target...]
#
# FUZZ_SANITIZER=none   builds faster, and misses what the codecs in C do to memory
# FUZZ_SEED             a number: the same choices each time, for a run that must not fail by chance
# MINILAB_CORPUS        a folder with more pictures to start from, besides ./testdata
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    echo "usage: scripts/fuzz.sh SECONDS [target...]" >&2
    exit 2
}

[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || usage
seconds=$1
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(probe decode planes metadata names ranges tokens)
sanitizer=${FUZZ_SANITIZER:-address}

# Larger files take long to run and longer to be understood.
SEED_BYTES_MAX=65536
triple=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
programs=$CARGO_TARGET_DIR/debug
if [ "$sanitizer" != none ]; then
    # A build that finds other flags than the last one's throws half of it away.
    CARGO_TARGET_DIR=$CARGO_TARGET_DIR/fuzz-$sanitizer
    programs=$CARGO_TARGET_DIR/$triple/debug
fi

# What libFuzzer follows: which edges were taken, and what was compared with what.
coverage=(-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares)

build() {
    # With the features of the whole workspace: then the tests have built most of it already.
    local options=(--workspace "${targets[@]/#/--bin=}" --locked)
    if [ "$sanitizer" = none ]; then
        # Only our own crates are instrumented.
        export RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/rustc-with.sh RUSTC_WITH="${coverage[*]}"
        cargo build "${options[@]}"
        return
    fi
    # Sanitizers are options of the nightly compiler. The stable one has them all the same.
    export RUSTC_BOOTSTRAP=1 RUSTFLAGS="${coverage[*]} -Zsanitizer=$sanitizer"
    # The codecs in C are what the sanitizer is for.
    export CFLAGS="${CFLAGS:-} -fsanitize=$sanitizer -fno-omit-frame-pointer"
    # A target that is named keeps these flags from what runs while building.
    cargo build "${options[@]}" --target "$triple"
}

# Pictures for those who read pictures, and a few texts for each of the others.
seeds_of() {
    local folders=(testdata ${MINILAB_CORPUS:+"$MINILAB_CORPUS"})
    [ ! -d "fuzz/seeds/$1" ] || folders=("fuzz/seeds/$1")
    find "${folders[@]}" -type f -size "-$((SEED_BYTES_MAX / 1024))k" \
        ! -name '*.md' ! -name '*.tsv' ! -name '*.json*' ! -name '*,*' | sort | paste -sd,
}

dictionary_of() {
    local own=fuzz/dictionaries/$1.dict
    if [ -f "$own" ]; then echo "$own"; else echo fuzz/dictionaries/pictures.dict; fi
}

# One target: its line, and after a finding where the input lies and what it did.
run() {
    local name=$1 corpus=fuzz/corpus/$1 artifacts=fuzz/artifacts/$1
    local log=$artifacts/log
    mkdir -p "$corpus" "$artifacts"
    seeds_of "$name" >"$artifacts/seeds"
    local status=0
    "$programs/$name" "$corpus" \
        -seed_inputs="@$artifacts/seeds" -dict="$(dictionary_of "$name")" \
        -max_len=$SEED_BYTES_MAX -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
        ${FUZZ_SEED:+-seed="$FUZZ_SEED"} -artifact_prefix="$artifacts/" -print_final_stats=1 >"$log" 2>&1 || status=$?
    local runs coverage
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    printf '%-10s %9s runs  %6s edges  %s\n' "$name" "${runs:-?}" "${coverage:-?}" \
        "$([ "$status" -eq 0 ] && echo ok || echo FOUND SOMETHING)"
    [ "$status" -eq 0 ] || explain "$name" "$log"
    return "$status"
}

explain() {
    local name=$1 log=$2 input
    grep -A3 -E 'panicked at|^==[0-9]+==|^SUMMARY' "$log" | head -20 | sed 's/^/    /' || true
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
    echo "    all it said: $log"
    [ -z "$input" ] || cat <<EOF
    the input:   $input
    once more:   $programs/$name $input
EOF
}

build
found=0
for target in "${targets[@]}"; do
    run "$target" || found=1
done
exit "$found"
