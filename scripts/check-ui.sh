#!/usr/bin/env bash
# Holds the pages' modules against the types of the API's description and of what they stand on: a member that
# is renamed in Rust fails here. Nothing is compiled; the modules run as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${UI_TOOLS:?names a folder; make check-ui fills it}"

# A copy, in which types stand beside the modules without being part of the pages.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R ui "$work/ui"
ln -s "$UI_TOOLS/node_modules" "$work/node_modules"
"$UI_TOOLS/node_modules/.bin/openapi-typescript" docs/openapi.json --output "$work/ui/api-types.d.ts" >/dev/null

# stand_in <module> <package>: the makers' own types for a module that only browsers read.
stand_in() {
    rm "$work/ui/vendor/$1.js"
    echo "export * from '$2';" >"$work/ui/vendor/$1.d.ts"
}
stand_in preact preact
stand_in hooks preact/hooks
stand_in signals @preact/signals
stand_in signals-core @preact/signals-core
stand_in htm htm
echo "export { default } from 'htm';" >>"$work/ui/vendor/htm.d.ts"

cd "$work"
exec node_modules/.bin/tsc --noEmit --allowJs --checkJs --strict --skipLibCheck --target es2022 \
    --lib es2023,dom,dom.iterable --module esnext --moduleResolution bundler --preserveSymlinks --noUnusedLocals \
    ui/pages/*.js
