#!/bin/sh
# usage: python_headers.sh PYTHON FOLDER
#
# Prints the CMake arguments that name Python's headers; nothing where CMake finds them itself.
# A Debian or Ubuntu without python3-dev has none: its package is then unpacked into FOLDER, which
# needs no root.
set -eu
python=$1 folder=$2

eval "$("$python" - <<'END'
import os, sys, sysconfig
include = sysconfig.get_path("include")
print(f"version={sys.version_info[0]}.{sys.version_info[1]}")
print(f"found={int(os.path.exists(os.path.join(include, 'Python.h')))}")
print(f"system={int(sys.base_prefix == '/usr')}")
print(f"triplet={sysconfig.get_config_var('MULTIARCH') or ''}")
END
)"
[ "$found" = 1 ] && exit 0

headers=$folder/usr/include/python$version
if [ "$system" = 1 ] && [ -n "$triplet" ] && command -v apt-get >/dev/null; then
  rm -rf "$folder" && mkdir -p "$folder"
  (cd "$folder" && apt-get download "libpython$version-dev" && dpkg -x ./*.deb . && rm -f ./*.deb) \
    >"$folder.log" 2>&1 || true
  # The pyconfig.h there only includes <triplet/python3.x/pyconfig.h> from /usr/include.
  cp "$folder/usr/include/$triplet/python$version/pyconfig.h" "$headers/" 2>/dev/null || true
  rm -rf "$folder/usr/lib" "$folder/usr/share"
fi
if [ ! -e "$headers/Python.h" ]; then
  echo "fastdl needs the headers of Python $version (Python.h) and did not find them:" \
    "install them (on Debian or Ubuntu: apt install python3-dev) and try again." >&2
  exit 1
fi
echo "-DPython_INCLUDE_DIR=$(cd "$headers" && pwd)"
