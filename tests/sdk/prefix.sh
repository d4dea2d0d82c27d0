# Read by the tests of this directory, whose argument is the build directory of fstool: installs it, and leaves a clean
# place to work in.
#
#   root     the source of fstool
#   prefix   where it is installed
#   work     the current directory; gone when the test ends
set -eu

[ $# -eq 1 ] || { echo "usage: $0 BUILD-DIRECTORY" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
cmake --install "$1" --prefix "$prefix" > "$work/install.log" || { cat "$work/install.log" >&2; exit 1; }

# Nothing of this build or of another one may be found.
unset FSTOOL_PLUGIN_PATH LD_LIBRARY_PATH CMAKE_BUILD_PARALLEL_LEVEL
export PATH="$prefix/bin:$PATH" CMAKE_PREFIX_PATH="$prefix" PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
for pkgconfig in "$prefix"/lib/*/pkgconfig; do PKG_CONFIG_PATH=$PKG_CONFIG_PATH:$pkgconfig; done
cd "$work"

fail() {
  echo "$0: $*" >&2
  exit 1
}

# Builds the plugin in DIRECTORY and runs its tests: build_plugin DIRECTORY BUILD-DIRECTORY
build_plugin() {
  cmake -S "$1" -B "$2" -D CMAKE_COMPILE_WARNING_AS_ERROR=ON > "$2.log" 2>&1 &&
    cmake --build "$2" >> "$2.log" 2>&1 &&
    ctest --test-dir "$2" --output-on-failure >> "$2.log" 2>&1 || { cat "$2.log" >&2; fail "$1 does not build, or its tests fail"; }
}
