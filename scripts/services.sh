#!/usr/bin/env bash
# The real servers the tests run against; now that is one, PostgreSQL.
#
#   scripts/services.sh start   makes sure one answers, starts a private one if need be
#   scripts/services.sh env     prints TEST_POSTGRES_URL=... for the one that answers
#   scripts/services.sh stop    stops and deletes the private one; never touches another
#   scripts/services.sh bin     prints where the PostgreSQL server binaries are
#
# Taken in this order: TEST_POSTGRES_URL; the private server, if it runs; a new private server. One that
# happens to run on this machine is left alone: it writes to the disk at each commit, as it must, and the
# tests would wait for that most of the time.
set -euo pipefail

state=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.services
first_port=25432
last_port=25447

say() { printf 'services: %s\n' "$*"; }
die() {
    printf 'services: %s\n' "$*" >&2
    exit 1
}

# Debian keeps the server binaries out of PATH, one directory a version; takes the newest.
pg_bin() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [ -x "$initdb" ] || initdb=$(command -v initdb) || return 1
    dirname "$initdb"
}

psql_path() {
    local bin
    # The real one first: Debian's wrapper in PATH is slower and reads its own configuration.
    if bin=$(pg_bin) && [ -x "$bin/psql" ]; then
        echo "$bin/psql"
    else
        command -v psql
    fi
}

# Does this URL, and nothing but this URL, let us create databases? PG* variables and password
# files would let psql in where the tests stay out, so they do not count.
answers() (
    psql=$(psql_path) || exit 1
    unset "${!PG@}"
    export PGPASSFILE=/dev/null PGCONNECT_TIMEOUT=3
    may=$("$psql" -X -w -qtA -d "$1" 2>/dev/null \
        -c 'select rolcreatedb or rolsuper from pg_roles where rolname = current_user') || exit 1
    [ "$may" = t ]
)

# PostgreSQL refuses to run as root; Debian's package brings the user postgres. The directory is
# left first: the checkout may be one which that user cannot enter.
as_server() (
    cd /
    if [ "$(id -u)" -eq 0 ]; then
        exec runuser -u postgres -- "$@"
    fi
    exec "$@"
)

# The process that runs our cluster. The pid file may be left over and its number taken by
# another, so the command line must name our directory.
private_pid() {
    local dir pid
    dir=$(cat "$state/pg.dir" 2>/dev/null) || return 1
    pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "-D $dir/data" || return 1
    echo "$pid"
}

private_url() {
    private_pid >/dev/null || return 1
    echo "postgres://postgres@127.0.0.1:$(cat "$state/pg.port")/postgres"
}

find_url() {
    local url
    if [ -n "${TEST_POSTGRES_URL:-}" ]; then
        echo "$TEST_POSTGRES_URL"
        return
    fi
    if url=$(private_url) && answers "$url"; then
        echo "$url"
        return
    fi
    return 1
}

stop_private() {
    local dir
    if private_pid >/dev/null; then
        as_server "$(pg_bin)/pg_ctl" -D "$(cat "$state/pg.dir")/data" -m immediate -w stop >/dev/null
        say "stopped the private PostgreSQL"
    fi
    # Only a directory this script made: ours, or the one under /tmp with the name it gives.
    if dir=$(cat "$state/pg.dir" 2>/dev/null); then
        case "$dir" in
        "$state/pg" | /tmp/minilab-pg.*) rm -rf -- "$dir" ;;
        esac
    fi
    rm -f -- "$state/pg.dir" "$state/pg.port"
}

# A directory the server's user can reach and owns.
make_private_dir() {
    local dir=$state/pg
    rm -rf -- "$dir"
    mkdir -p "$dir"
    if [ "$(id -u)" -eq 0 ]; then
        id postgres >/dev/null 2>&1 ||
            die "PostgreSQL does not run as root and there is no user postgres to run it as"
        chown postgres: "$dir"
        if ! as_server test -w "$dir"; then
            rmdir "$dir"
            dir=$(mktemp -d /tmp/minilab-pg.XXXXXX)
            chown postgres: "$dir"
        fi
    fi
    echo "$dir" >"$state/pg.dir"
}

# Always a new cluster: two seconds buy a server without leftovers of killed runs or old versions.
start_private() {
    local bin dir port
    bin=$(pg_bin) || die "no PostgreSQL server binaries here: run scripts/setup.sh test"
    stop_private
    make_private_dir
    dir=$(cat "$state/pg.dir")

    as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync \
        >"$state/initdb.log" 2>&1 || { cat "$state/initdb.log" >&2; die "initdb failed"; }

    # What makes a server survive a power cut is off: this one holds nothing worth keeping.
    # No socket: its path has a length limit that a deep checkout would break.
    local options="-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200"
    options+=" -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    for ((port = first_port; port <= last_port; port++)); do
        # Taken, perhaps by another checkout's server; that one may go away at any time.
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
        echo "$port" >"$state/pg.port"
        # Not the lock (9): a server that inherits it would hold it for as long as it runs.
        if as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -o "-p $port $options" \
            start </dev/null >/dev/null 2>&1 9>&-; then
            say "started a private PostgreSQL on 127.0.0.1:$port, in $dir"
            return
        fi
    done
    tail -n 20 "$dir/log" >&2 || true
    die "PostgreSQL does not start on any port from $first_port to $last_port"
}

start() {
    local url psql
    if [ -n "${TEST_POSTGRES_URL:-}" ]; then
        # Asked with the caller's whole environment: the tests see the same. The URL is not
        # printed: it may hold a password.
        if psql=$(psql_path); then
            PGCONNECT_TIMEOUT=5 "$psql" -X -w -qtA -d "$TEST_POSTGRES_URL" -c 'select 1' >/dev/null ||
                die "TEST_POSTGRES_URL is set, but no server answers there"
        fi
        say "using the PostgreSQL that TEST_POSTGRES_URL names"
    elif url=$(find_url); then
        say "using the PostgreSQL that runs already: $url"
    else
        start_private
    fi
}

# Two runs in one checkout must not make the cluster at the same time.
lock() {
    mkdir -p "$state"
    exec 9>"$state/lock"
    flock 9
}

case "${1:-}" in
start)
    lock
    start
    ;;
stop)
    lock
    stop_private
    ;;
env)
    url=$(find_url) || die "no PostgreSQL answers: run scripts/services.sh start"
    echo "TEST_POSTGRES_URL=$url"
    ;;
bin)
    pg_bin
    ;;
*)
    die "usage: scripts/services.sh start|stop|env|bin"
    ;;
esac
