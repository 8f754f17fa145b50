# The rows of the tables of lints, for whoever names them without running them:
#     CHECK("validity_max", "BR 6.3.2", ASKED, "d", "services/issuer/lints/validity.c")
# services/issuer/calendar_test.c compares with the tables.
BEGIN { row = "[{] \"[a-z0-9_]+\", +\"[^\"]+\", +[A-Z_| ]+, +(ALWAYS|ASKED), +(NULL|\"[a-z]+\"), " }

FILENAME !~ /_test\.c$/ && $0 ~ ("^ +" row) {
    match($0, row)
    text = substr($0, RSTART + 2, RLENGTH - 4)
    match(text, /, +[A-Z_| ]+, +(ALWAYS|ASKED),/)
    kinds = substr(text, RSTART + 1, RLENGTH)
    what = kinds ~ /ALWAYS/ ? "ALWAYS" : "ASKED"
    printf "CHECK(%s, %s,%s, \"%s\")\n", substr(text, 1, RSTART - 1), what, substr(text, RSTART + RLENGTH), FILENAME
}
