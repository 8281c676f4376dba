#!/bin/sh
# Runs a script of this repository with the pinned runtime and the development dependencies, brought where missing.
# Usage: sh tools/with-runtime.sh SCRIPT [ARGUMENT...]
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/tools/install.sh"
is_installed development || install_packages development
runtime=$(find_runtime)
cd "$root"
PATH=$(dirname -- "$runtime"):$PATH
export PATH
exec "$runtime" --disable-warning=ExperimentalWarning "$@"
