#!/usr/bin/env bash
# Brings the modules of others that the pages use into ui/vendor, out of npm's packages: as they are there,
# but for where their imports lead, since a browser knows no bare names, and for the names of source maps.
# To take a new version: change it here, run this, look at the difference, run the stories of the pages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../ui/vendor"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# take <package> <version> <file in it> <name here>
take() {
    local package=$1 version=$2 file=$3 name=$4
    local folder=$work/$package
    if [ ! -d "$folder" ]; then
        mkdir -p "$folder"
        npm pack --silent --pack-destination "$folder" "$package@$version" >/dev/null
        tar -xzf "$folder"/*.tgz -C "$folder"
    fi
    sed -E \
        -e 's#from"preact/hooks"#from"./hooks.js"#g' \
        -e 's#from"@?(preact/)?(preact|signals-core)"#from"./\2.js"#g' \
        -e '/^\/\/# sourceMappingURL=/d' -e 's#//\# sourceMappingURL=.*##' \
        "$folder/package/$file" >"$name.js"
    # The last line has an end, like those of all our files.
    [ -z "$(tail -c 1 "$name.js")" ] || echo >>"$name.js"
    cp "$folder/package/LICENSE" "${package##*/}.LICENSE.txt"
}

take preact 10.29.8 dist/preact.module.js preact
take preact 10.29.8 hooks/dist/hooks.module.js hooks
take htm 3.1.1 dist/htm.module.js htm
take @preact/signals-core 1.14.5 dist/signals-core.module.js signals-core
take @preact/signals 2.11.4 dist/signals.module.js signals
sha256sum -- *.js *.txt >SHA256SUMS
