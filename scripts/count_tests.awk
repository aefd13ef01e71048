# Reads ctest's JUnit report and, from the folder `results`, the reports of GoogleTest programs. Prints on standard error
# what was skipped and why, and on standard output: passed failed skipped.
function attribute(line, name,    start, rest) {
  start = index(line, " " name "=\"")
  if (start == 0) return ""
  rest = substr(line, start + length(name) + 3)
  return substr(rest, 1, index(rest, "\"") - 1)
}
function readable(text) {
  gsub(/&#x0A;/, " ", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text)
  gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text)
  return text
}
function skip(what, why) {
  skipped++
  print "Skipped: " what ": " readable(why) > "/dev/stderr"
}
# returns the number of failed cases in the report of a GoogleTest program, or -1 when it left none
function count_cases(program,    file, line, name, bad, here, ran) {
  file = results "/" program ".xml"
  bad = -1
  while ((getline line < file) > 0) {
    if (bad < 0) bad = 0
    if (line ~ /^ *<testcase /) {
      name = attribute(line, "classname") "." attribute(line, "name")
      here = 0
      ran = attribute(line, "status") == "run" && attribute(line, "result") != "skipped"
      if (ran) passed++
    } else if (line ~ /^ *<failure / && ran && !here) {
      here = 1; bad++; failed++; passed--
    } else if (line ~ /^ *<skipped / && !ran) {
      line = attribute(line, "message")
      sub(/^[^&]*&#x0A;/, "", line)
      skip(program " " name, line)
    }
  }
  close(file)
  return bad
}
function finish() {
  if (test == "" || status == "disabled") return
  if (status == "notrun" && reason ~ /^SKIP_/) { skip(test, output); return }
  cases = count_cases(test)
  if (cases < 0) {
    if (status == "run") passed++; else failed++
  } else if (status != "run" && cases == 0) {
    failed++  # every case passed, and then the program failed: a leak, or an error at its end
  }
}
/^\t<testcase / { test = attribute($0, "name"); status = attribute($0, "status"); reason = ""; output = ""; inside = 0 }
/^\t\t<skipped / { reason = attribute($0, "message") }
/^\t\t<system-out>/ { inside = 1; sub(/^\t\t<system-out>/, "") }
inside { line = $0; if (sub(/<\/system-out>.*/, "", line)) inside = 0; if (line != "" && line !~ /^\t/) output = line }
/^\t<\/testcase>/ { finish(); test = "" }
END { print passed + 0, failed + 0, skipped + 0 }
