# sqlgen - turns a .sql file of named statements into C constants and a header that declares them.
#
#   awk -f tools/sqlgen.awk -v file=lib/ledger/jobs.sql -v header=build/gen/lib/ledger/jobs.sql.h FILE
#
# A statement starts with a title at the start of a line and ends at the next one:
#   -- name: In -> Out        one row in, exactly one row out
#   -- name: In -> Out?       none or one     In -> Out*   any number     In -> Nothing   none
#   -- name: In* -> Out*      a set statement: every parameter is an array
#   -- name: lines            no statement, but lines of several: "--+ name" in them stands for all of these
# ":name" and ":name.sub" become $1, $2, ...; left alone: "::type", what stands in '...' and "...",
# and what follows "--". A mark at the end of a line, "--? part" or "--> part", stays: store/pick.h.

function snake(type,    out, i, c) {
	out = ""
	for (i = 1; i <= length(type); i++) {
		c = substr(type, i, 1)
		if (c ~ /[A-Z]/ && i > 1) out = out "_"
		out = out tolower(c)
	}
	return out
}

function die(text) { printf "%s:%d: %s\n", file, NR, text > "/dev/stderr"; failed = 1; exit 1 }

function parameter(name) {
	if (!(name in seen)) { seen[name] = ++count; params = params " \"" name "\"," }
	return "$" seen[name]
}

# One line of SQL with its parameters numbered; `quote` carries an open '...' or "..." along.
function numbered(line,    out, i, c, rest) {
	out = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1); rest = substr(line, i)
		if (quote != "") { if (c == quote) quote = ""; out = out c }
		else if (c == "'" || c == "\"") { quote = c; out = out c }
		else if (rest ~ /^--[?>] [a-z_0-9]+[ \t]*$/) { marked = 1; out = out rest; break }
		else if (substr(rest, 1, 2) == "--") break
		else if (match(rest, /^::[a-z_][a-z0-9_]*/)) { out = out substr(rest, 1, RLENGTH); i += RLENGTH - 1 }
		else if (match(rest, /^:[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*/)) {
			out = out parameter(substr(rest, 2, RLENGTH - 1)); i += RLENGTH - 1
		}
		else out = out c
	}
	sub(/[ \t]+$/, "", out)
	return out
}

function c_string(line) {
	gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line)
	return "        \"" line "\\n\"\n"
}

function add(raw,    line) {
	line = numbered(raw)
	if (line != "") text = text c_string(line)
}

function flush(    input, output, rows) {
	if (name == "") return
	if (count > 48) die(name " has more than 48 parameters")
	input = in_type; sub(/\*$/, "", input)
	output = out_type; sub(/[*?]$/, "", output)
	rows = output == "Nothing" ? "SQL_NONE" : out_type ~ /\*$/ ? "SQL_MANY" : out_type ~ /\?$/ ? "SQL_MAYBE" : "SQL_ONE"
	printf "extern const ProtobufCMessageDescriptor %s__descriptor, %s__descriptor;\n", snake(input), snake(output)
	printf "const struct sql sql_%s = {\n    .name = \"%s\",\n    .file = \"%s\",\n    .text =\n%s,\n", name, name, file, text
	printf "    .in = &%s__descriptor,\n    .out = &%s__descriptor,\n", snake(input), snake(output)
	printf "    .set = %s,\n    .rows = %s,\n    .parts = %s,\n    .params = {%s NULL },\n};\n\n", in_type ~ /\*$/ ? "true" : "false", rows, marked ? "true" : "false", params
	printf "extern const struct sql sql_%s;\n", name > header
	name = ""
}

BEGIN {
	printf "#include \"store/store.h\"\n\n"
	guard = toupper(file); gsub(/[^A-Z0-9]/, "_", guard)
	printf "#ifndef GEN_%s\n#define GEN_%s\n#include \"store/store.h\"\n", guard, guard > header
}

/^-- [a-z_0-9]+: [A-Z][A-Za-z0-9]*\*? -> [A-Z][A-Za-z0-9]*[*?]?$/ {
	flush()
	name = substr($2, 1, length($2) - 1); in_type = $3; out_type = $5
	text = params = quote = ""; count = marked = 0; split("", seen)
	lines = ""
	next
}
/^-- [a-z_0-9]+: lines$/ { flush(); lines = substr($2, 1, length($2) - 1); shared[lines] = 0; next }
/^-- [a-z_0-9]+:.*->/ { die("not a title: " $0) }
lines != "" { shared_line[lines, ++shared[lines]] = $0; next }
name == "" { next }
/^ *--\+ [a-z_0-9]+$/ {
	if (!($2 in shared)) die("no lines " $2 " stand before")
	for (i = 1; i <= shared[$2]; i++) add(shared_line[$2, i])
	next
}
{ add($0) }
END { if (!failed) { flush(); print "#endif" > header } }
