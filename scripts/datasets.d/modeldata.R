# Writes data sets of the R package modeldata as text. Needs nothing but R itself (package base).
#
#     R --no-echo --vanilla -f modeldata.R --args RDATA FOLDER FILE=OBJECT...
#
# RDATA is the package's lazy-load file without its ending (.../modeldata/data/Rdata). FOLDER/FILE gets the data frame
# OBJECT: as csv, or (FILE ends in .txt) as "label TAB text", where the label is 1 for score "great" and 0 for another.
# Numbers get 17 digits: enough for every double, too many for most. shorten.awk takes the surplus away; R cannot, as its
# own reading of numbers is sometimes off by the last bit.

# Texts as csv cells: in quotes (inner ones doubled) where a reader would take them for something else.
quoted <- function(text) {
  needed <- !is.na(text) & grepl("^$|[,\"\r\n]|^[ \t]|[ \t]$", text)
  text[needed] <- paste0("\"", gsub("\"", "\"\"", text[needed], fixed = TRUE), "\"")
  text
}

# One column as csv cells: dates as 2001-01-31, factors as their labels, nothing where the value is missing.
cells <- function(column) {
  text <- if (inherits(column, "Date")) format(column, "%Y-%m-%d")
    else if (is.numeric(column)) sprintf("%.17g", column + 0)  # + 0: no -0
    else quoted(as.character(column))
  text[is.na(column)] <- ""
  text
}

csv_lines <- function(table) {
  columns <- lapply(table, cells)
  c(paste(quoted(names(table)), collapse = ","), do.call(paste, c(unname(columns), sep = ",")))
}

review_lines <- function(table) {
  paste0(as.integer(table$score == "great"), "\t", gsub("[\t\r\n]", " ", table$review))
}

arguments <- commandArgs(trailingOnly = TRUE)
objects <- new.env()
invisible(lazyLoad(arguments[1], envir = objects))
for (wish in strsplit(arguments[-(1:2)], "=", fixed = TRUE)) {
  table <- get(wish[2], envir = objects)
  lines <- if (endsWith(wish[1], ".txt")) review_lines(table) else csv_lines(table)
  output <- file(file.path(arguments[2], wish[1]), "wb")  # UTF-8 and plain newlines, whatever the locale
  writeLines(enc2utf8(lines), output, useBytes = TRUE)
  close(output)
}
