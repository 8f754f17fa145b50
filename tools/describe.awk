# describe - the comments of proto/ as a table, since protoc-c drops them and the API's description tells them.
#
#   awk -f tools/describe.awk proto/*.proto
#
# prints DESCRIPTION("Message.field", "text") for a message, a field, an enum's value and an rpc, each by its
# name. The text is the comment behind it on its line, else the lines of comment right above it. A comment
# behind a field goes on in lines that are nothing but comment and begin further in than a field.

function flush() {
	if (owner != "" && about != "") {
		gsub(/\\/, "\\\\", about); gsub(/"/, "\\\"", about)
		printf "DESCRIPTION(\"%s\", \"%s\")\n", owner, about
	}
	owner = about = ""
}

function joined(a, b) { return a == "" ? b : a " " b }

# What stands behind the code of the line.
function behind(    at) {
	at = index($0, "//")
	return at ? substr($0, at + 3) : ""
}

function take(name) { flush(); owner = name; about = behind(); if (about == "") about = above; above = "" }

FNR == 1 { flush(); above = ""; depth = 0 }
{ sub(/[ \t]+$/, "") }
/^ *$/ { flush(); above = ""; next }
/^[ \t]*\/\/ ----/ { flush(); above = ""; next }
/^     +\/\/ / && about != "" { about = joined(about, behind()); next }
/^[ \t]*\/\/ / { flush(); above = joined(above, behind()); next }
/^(message|service) / { take($2); outer = $2; depth = 1; if (/}/) depth = 0; next }
/^  enum / { flush(); above = ""; enum = outer "." $2; depth = 2; next }
/^ *}/ { flush(); above = ""; depth--; if (depth < 2) enum = ""; next }
/^  rpc / { name = $2; sub(/\(.*/, "", name); take(outer "." name); next }
/^    [A-Z_0-9]+ = / && enum != "" { take(enum "." $1); next }
/^  (optional|required|repeated) / { take(outer "." $3); next }
END { flush() }
