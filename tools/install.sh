# Brings what package-lock.json pins into node_modules. Sourced by ./sceneline and tools/test.sh, which set $root.
#
# The packages are installed in a folder of their own beside node_modules and put in place by one rename, with a
# copy of the lock inside as the sign that they are whole. A run that was killed leaves nothing that the next one
# trusts, and two runs at once do not disturb each other: where flock exists the second waits for the first, elsewhere
# each makes its own folder and the last rename wins.
#
# Two kinds: "runtime" (what Sceneline runs with) and "development" (the same and what its tests need).

# is_installed KIND: whether node_modules holds what the lock asks for.
is_installed() {
  cmp -s "$root/package-lock.json" "$root/node_modules/.sceneline-$1" && return 0
  # Or somebody ran npm here: it writes its own lock last.
  [ "$root/node_modules/.package-lock.json" -nt "$root/package-lock.json" ] || return 1
  [ "$1" = runtime ] || [ -d "$root/node_modules/typescript" ]
}

# install_packages KIND: installs, or exits 2 with words.
install_packages() {
  require_npm
  stage=$root/.install-$$
  trap 'rm -rf "$stage"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' HUP TERM
  if command -v flock >/dev/null 2>&1 && : 2>/dev/null >>"$root/.install-lock"; then
    exec 9>>"$root/.install-lock"
    if ! flock -n 9; then
      say 'Another run is installing the dependencies; waiting for it.'
      flock 9
    fi
    # Whatever another installation left is of one that was killed.
    rm -rf "$root"/.install-[0-9]*
  fi
  is_installed "$1" || install_whole "$1"
  trap - EXIT INT HUP TERM
  rm -rf "$stage"
  exec 9>&-
}

# npm's own patience is over a minute per package.
NPM_PATIENCE='--fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=10000'

install_whole() {
  say "First use: bringing the pinned runtime and dependencies into node_modules."
  say "This takes up to a minute, happens once, and changes nothing outside $root."
  mkdir "$stage" || fail "The folder $root cannot be written; dependencies are installed there."
  for file in package.json package-lock.json .npmrc; do cp "$root/$file" "$stage/"; done
  case $1 in runtime) omit=--omit=dev ;; *) omit=--include=dev ;; esac
  if ! (cd "$stage" && npm ci --ignore-scripts "$omit" --no-audit --no-fund --loglevel=error $NPM_PATIENCE) >"$stage/npm.log" 2>&1 9>&- </dev/null; then
    explain_failure "$stage/npm.log"
  fi
  drop_alien_runtime
  cp "$root/package-lock.json" "$stage/node_modules/.sceneline-runtime"
  [ "$1" = runtime ] || cp "$root/package-lock.json" "$stage/node_modules/.sceneline-$1"
  sync
  # rename(2) through node: mv would move into a folder that somebody else has just put there.
  node -e '
    const fs = require("fs");
    const [stage, place] = process.argv.slice(1);
    try { fs.renameSync(place, stage + "/replaced"); } catch (error) { if (error.code !== "ENOENT") throw error; }
    fs.renameSync(stage + "/node_modules", place);
  ' "$stage" "$root/node_modules" || is_installed "$1" || fail "The dependencies could not be put into $root/node_modules."
}

# The pinned runtime is built for the GNU C library; where it does not start, the system's own is used.
drop_alien_runtime() {
  for package in "$stage"/node_modules/node-linux-*; do
    [ -d "$package" ] || continue
    "$package/bin/node" --version >/dev/null 2>&1 || rm -rf "$package"
  done
}

# find_runtime: prints the path of a Node that runs Sceneline, the pinned one if it is there.
find_runtime() {
  for runtime in "$root"/node_modules/node-linux-*/bin/node; do
    if [ -x "$runtime" ]; then
      echo "$runtime"
      return
    fi
  done
  [ "$(node_major)" -ge 24 ] || fail "There is no pinned runtime for $(uname -s) $(uname -m). Install Node 24 or newer, then run this again."
  command -v node
}

node_major() {
  major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
  echo "${major:-0}"
}

require_npm() {
  if [ "$(node_major)" -lt 18 ] || ! command -v npm >/dev/null 2>&1; then
    say 'Node 18 or newer with npm is needed to bring the pinned runtime and dependencies.'
    if command -v apt-get >/dev/null 2>&1; then fail 'Install it with: apt-get update && apt-get install -y --no-install-recommends nodejs npm'; fi
    fail 'Install it with your package manager, then run this again.'
  fi
}

explain_failure() {
  if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT' "$1"; then
    grep -m 1 'request to' "$1" >&2 || true
    fail 'The package registry cannot be reached. Connect to the network (or set npm'\''s proxy or registry), then run this again. Nothing was changed.'
  fi
  tail -n 20 "$1" >&2
  if grep -q 'ENOSPC' "$1"; then fail 'No space is left on the disk. Make room (about 600 MB), then run this again. Nothing was changed.'; fi
  fail 'npm could not install the dependencies; its last words are above. Nothing was changed.'
}

say() {
  echo "sceneline: $*" >&2
}

fail() {
  say "$*"
  exit 2
}
