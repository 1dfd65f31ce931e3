#!/usr/bin/env bash
# The walls of the house, read from the #include lines: an arrow between rooms never points back, MPI stays in dist/,
# oneDNN in layers/, and no header carries either of them into another room. Also includes that go in a circle.
#
#   tests/fences.sh [FOLDER]    the repository by default; another one to test this test
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

find core dist data layers ml apps -name '*.hpp' -o -name '*.cpp' | LC_ALL=C sort |
  xargs grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' |
  awk '
    BEGIN {
      may["core"] = "core"
      may["dist"] = "core dist"
      may["data"] = "core dist data"
      may["features"] = "core dist data features"
      may["layers"] = "core layers"
      may["ml"] = "core dist data features layers ml"
      may["apps"] = "core dist data features layers ml apps"
      owner["mpi"] = "dist"
      owner["onednn"] = "layers"
    }
    function room_of(path) { return path ~ /^data\/features\// ? "features" : index(path, "/") ? substr(path, 1, index(path, "/") - 1) : "" }
    function library_of(header) {
      if (header ~ /^mpi(_|\.|-)/ || header ~ /^mpi$/) return "mpi"
      if (header ~ /(^|\/)dnnl[a-z_]*\.(h|hpp)$/) return "onednn"
      return ""
    }
    function complain(text) { print text; ++complaints }
    {
      split($0, part, ":")
      file = part[1]; place = part[1] ":" part[2]; room = room_of(file); ++includes
      match($0, /["<][^">]+[">]/)
      header = substr($0, RSTART + 1, RLENGTH - 2)
      library = library_of(header)
      if (library != "") {
        holds[file, library] = place
        if (room != owner[library]) complain(place ": <" header "> belongs into " owner[library] "/ alone")
      } else if (substr($0, RSTART, 1) == "\"" && index(header, "/")) {  # a bare name is a choice of the room itself
        if (!(room_of(header) in may))
          complain(place ": \"" header "\" is not written from the root of the repository")
        else if (!index(" " may[room] " ", " " room_of(header) " "))
          complain(place ": " room "/ must not include " room_of(header) "/ (" header ")")
        to[file] = to[file] " " header
      }
      files[file]
    }
    # Whether `file` reaches a header of the library through others: the chain, or nothing.
    function chain(file, library, seen,    next_files, count, i, rest) {
      if ((file, library) in holds) return file
      if (file in seen) return ""
      seen[file]
      count = split(to[file], next_files, " ")
      for (i = 1; i <= count; ++i) {
        rest = chain(next_files[i], library, seen)
        if (rest != "") return file " <- " rest
      }
      return ""
    }
    function circle(file,    next_files, count, i) {
      if (state[file] == 2) return
      if (state[file] == 1) { complain(file ": includes itself through others"); return }
      state[file] = 1
      count = split(to[file], next_files, " ")
      for (i = 1; i <= count; ++i) circle(next_files[i])
      state[file] = 2
    }
    END {
      for (file in files) {
        circle(file)
        for (library in owner) {
          split("", seen)
          if (room_of(file) == owner[library]) continue
          found = chain(file, library, seen)
          if (found != "" && !((file, library) in holds)) complain(file ": gets " library " through " found)
        }
      }
      print includes " includes, " complaints + 0 " against the house rules"
      exit complaints > 0 || includes == 0
    }'
