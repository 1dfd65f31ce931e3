# Prints the messages of a compiled gettext catalogue (.mo), "message TAB translation", in the catalogue's order.
#
#     od -An -v -tu1 CATALOGUE.mo | awk -f mo_to_tsv.awk
#
# The file: magic number, version, count n, where two tables begin (messages, translations); a table is n pairs of length
# and place. All numbers have four bytes, the lowest first: Debian's catalogues are the same on all machines.

function word(at) { return byte[at] + 256 * (byte[at + 1] + 256 * (byte[at + 2] + 256 * byte[at + 3])) }

# The text that a table's pair tells of, in one line.
function text(pair,    at, end, result) {
  at = word(pair + 4)
  end = at + word(pair)
  for (result = ""; at < end; ++at) result = result (byte[at] < 32 ? " " : sprintf("%c", byte[at]))
  return result
}

{ for (i = 1; i <= NF; ++i) byte[size++] = $i + 0 }

END {
  if (word(0) != 2500072158) { print "mo_to_tsv: no catalogue, or one with the highest byte first" >"/dev/stderr"; exit 3 }
  for (i = 0; i < word(8); ++i) {
    message = text(word(12) + 8 * i)
    if (message != "") print message "\t" text(word(16) + 8 * i)  # the empty message is the catalogue's own header
  }
}
