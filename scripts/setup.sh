#!/usr/bin/env bash
# Installs what a verb of the Makefile needs and this machine lacks; names each piece and why.
# Nothing missing: a few look-ups, no package manager, no network.
#
#   scripts/setup.sh build   what compiling needs
#   scripts/setup.sh test    the same, and what the tests need
#   scripts/setup.sh env     where the tests find what is not on PATH, as variables
#   scripts/setup.sh check   the same as build, and rustfmt and clippy
#   scripts/setup.sh ui      what checks the modules of the pages
#   scripts/setup.sh deny    cargo-deny
set -euo pipefail

# Pinned, so that every machine runs the same tools.
NEXTEST_VERSION=0.9.143
DENY_VERSION=0.20.2
SCHEMATHESIS_VERSION=4.32.5
SPEC_VALIDATOR_VERSION=0.9.0
PYTHON_CLIENT_VERSION=0.29.1
TYPESCRIPT_CLIENT_VERSION=7.13.0
OPENAPI_FETCH_VERSION=0.17.0
TYPESCRIPT_VERSION=5.9.3
NODE_TYPES_VERSION=20.9.5
AXE_VERSION=4.14.1
# Those of ui/vendor, for their types.
PREACT_VERSION=10.29.8
HTM_VERSION=3.1.1
SIGNALS_CORE_VERSION=1.14.5
SIGNALS_VERSION=2.11.4

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
missing=()

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# need <Debian package> <why> <check...>: notes the package when the check fails.
# Checks look for the program, not the package: hand-made installations count too.
need() {
    local package=$1 why=$2
    shift 2
    "$@" >/dev/null 2>&1 && return
    say "missing: $package ($why)"
    missing+=("$package")
}

# What comes from PyPI lives in environments of its own; one for each version, so an old one is no trouble.
environments=${XDG_CACHE_HOME:-$HOME/.cache}/minilab
schemathesis=$environments/schemathesis-$SCHEMATHESIS_VERSION/bin/schemathesis

# Those that read the description and make clients of it, in one folder: python/ and node/.
openapi_tools=$environments/openapi-$SPEC_VALIDATOR_VERSION-$PYTHON_CLIENT_VERSION-$TYPESCRIPT_CLIENT_VERSION

# What checks the pages: their types, and what they are like for those who do not see them.
ui_tools=$environments/ui-$TYPESCRIPT_VERSION-$TYPESCRIPT_CLIENT_VERSION-$AXE_VERSION-$PREACT_VERSION-$SIGNALS_VERSION

have_compilers() { have cc && have c++ && have make; }

have_heif() { /sbin/ldconfig -p | grep -q 'libheif\.so\.1'; }

have_python() { python3 -m venv --help && python3 -m ensurepip --version; }

need_for_build() {
    need build-essential "C and C++ compilers for the bundled image codecs" have_compilers
    need cmake "configures libjpeg-turbo" have cmake
    need nasm "assembles libjpeg-turbo's and dav1d's fast paths" have nasm
    need meson "configures dav1d, the AVIF decoder" have meson
    need ninja-build "builds dav1d" have ninja
    need pkg-config "tells the codecs' build scripts where libraries are" have pkg-config
}

need_for_test() {
    # Somebody who brings a server does not need ours.
    [ -n "${TEST_POSTGRES_URL:-}" ] ||
        need postgresql "the tests run against a real PostgreSQL" "$here/services.sh" bin
    need curl "the stories told from outside talk HTTP with it" have curl
    need strace "a test reads from the system calls that an upload is safe when it is answered" have strace
    need libimage-exiftool-perl "reads pictures after the place was taken out of them" have exiftool
    need libheif1 "the tests read HEIC pictures, which the service does where it finds this library" have_heif
    need chromium "the page is tested in a real browser" have chromium
    need chromium-driver "tells that browser what to do" have chromedriver
    need prometheus "a test has it read the metrics" have prometheus
    need python3-venv "holds schemathesis, which holds the service against its own description" have_python
    need_for_ui
    need jq "the sessions of the README use it" have jq
}

need_for_ui() {
    need nodejs "checks the modules of the pages, and runs a client that is made from the description" have node
    need npm "installs what does so" have npm
}

install_packages() {
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! have apt-get; then
        die "this is not Debian: install these (or what your system calls them) by hand: ${missing[*]}"
    fi

    local root=()
    local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        # sudo may ask for a password only where somebody can type one.
        if have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            root=(sudo)
        elif have sudo; then
            die "no right to install. Run this, then try again:  sudo sh -c '$line'"
        else
            die "no right to install. Run this, then try again:  su - -c '$line'"
        fi
    fi

    say "installing with apt-get: ${missing[*]}"
    local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    # A third-party source that does not answer must not stop us: Debian's own may be fresh enough.
    "${apt[@]}" update || say "apt-get update had errors; going on with the lists it has"
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null
}

need_cargo() {
    have cargo || die "Rust is missing: install it from https://rustup.rs, then try again"
}

# need_cargo_tool <crate> <version> <why>: builds a cargo subcommand when there is none.
need_cargo_tool() {
    local crate=$1 version=$2 why=$3
    "$crate" --version >/dev/null 2>&1 && return
    cargo "${crate#cargo-}" --version >/dev/null 2>&1 && return
    say "missing: $crate ($why); building $version takes some minutes, once"
    # Its own target directory: its objects have no place among ours.
    env -u CARGO_TARGET_DIR cargo install "$crate" --version "$version" --locked
}

need_schemathesis() {
    "$schemathesis" --version >/dev/null 2>&1 && return
    say "missing: schemathesis $SCHEMATHESIS_VERSION (holds the service against its own description)"
    python3 -m venv --clear "${schemathesis%/bin/*}"
    "${schemathesis%/*}/pip" install -q --disable-pip-version-check "schemathesis==$SCHEMATHESIS_VERSION"
}

need_openapi_tools() {
    [ -e "$openapi_tools/complete" ] && return
    say "missing: validator and client generators of PyPI and npm (try the description as others would)"
    rm -rf "$openapi_tools"
    python3 -m venv "$openapi_tools/python"
    "$openapi_tools/python/bin/pip" install -q --disable-pip-version-check \
        "openapi-spec-validator==$SPEC_VALIDATOR_VERSION" \
        "openapi-python-client==$PYTHON_CLIENT_VERSION"
    mkdir -p "$openapi_tools/node"
    npm install --silent --no-audit --no-fund --prefix "$openapi_tools/node" \
        "openapi-typescript@$TYPESCRIPT_CLIENT_VERSION" "openapi-fetch@$OPENAPI_FETCH_VERSION" \
        "typescript@$TYPESCRIPT_VERSION" "@types/node@$NODE_TYPES_VERSION"
    touch "$openapi_tools/complete"
}

need_ui_tools() {
    [ -e "$ui_tools/complete" ] && return
    say "missing: TypeScript, types and axe of npm (check the pages)"
    rm -rf "$ui_tools"
    mkdir -p "$ui_tools"
    npm install --silent --no-audit --no-fund --prefix "$ui_tools" \
        "typescript@$TYPESCRIPT_VERSION" "openapi-typescript@$TYPESCRIPT_CLIENT_VERSION" \
        "axe-core@$AXE_VERSION" "preact@$PREACT_VERSION" "htm@$HTM_VERSION" \
        "@preact/signals-core@$SIGNALS_CORE_VERSION" "@preact/signals@$SIGNALS_VERSION"
    touch "$ui_tools/complete"
}

# need_component <rustup component> <cargo subcommand> <why>
need_component() {
    local component=$1 subcommand=$2 why=$3
    cargo "$subcommand" --version >/dev/null 2>&1 && return
    say "missing: $component ($why)"
    have rustup || die "no rustup here: install $component the way Rust was installed"
    rustup component add "$component"
}

case "${1:-}" in
build)
    need_for_build
    install_packages
    need_cargo
    ;;
test)
    need_for_build
    need_for_test
    install_packages
    need_cargo
    need_cargo_tool cargo-nextest "$NEXTEST_VERSION" "runs the tests: in parallel, with time limits"
    need_schemathesis
    need_openapi_tools
    need_ui_tools
    ;;
env)
    echo "SCHEMATHESIS=$schemathesis"
    echo "OPENAPI_TOOLS=$openapi_tools"
    echo "UI_TOOLS=$ui_tools"
    ;;
check)
    need_for_build
    install_packages
    need_cargo
    need_component rustfmt fmt "checks the formatting"
    need_component clippy clippy "checks the code"
    ;;
ui)
    need_for_ui
    install_packages
    need_ui_tools
    ;;
deny)
    need_for_build
    install_packages
    need_cargo
    need_cargo_tool cargo-deny "$DENY_VERSION" "checks licences and origins of the dependencies"
    ;;
*)
    die "usage: scripts/setup.sh build|test|env|check|ui|deny"
    ;;
esac
