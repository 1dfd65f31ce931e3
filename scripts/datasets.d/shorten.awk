# Writes each number of a csv file as the shortest text that reads back as the same double.
#
#     awk -f shorten.awk < INPUT.csv > OUTPUT.csv
#
# Only numbers of 15 digits and more are touched, and no cell that begins with a quote.

function shortest(number,    digits, text) {
  for (digits = 15; digits < 17; ++digits) {
    text = sprintf("%." digits "g", number)
    if (text + 0 == number + 0) return text
  }
  return number
}

BEGIN { FS = OFS = "," }
{
  for (i = 1; i <= NF; ++i)
    if (length($i) > 15 && $i ~ /^-?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?$/) $i = shortest($i)
  print
}
