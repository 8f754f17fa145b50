# The rows of the tables of lints, for whoever names them without running them:
#     CHECK("validity_max", "BR 6.3.2", "d", "services/issuer/lints/fields.c")
# services/issuer/calendar_test.c compares with the tables.
FILENAME !~ /_test\.c$/ && /^ +\{ "[a-z0-9_]+", +"[^"]+", +(NULL|"[a-z]+"), +[0-9A-Z_]+, +[a-z0-9_]+ \},/ {
    match($0, /\{ "[a-z0-9_]+", +"[^"]+", +(NULL|"[a-z]+"),/)
    row = substr($0, RSTART + 2, RLENGTH - 3)
    gsub(/, +/, ", ", row)
    printf "CHECK(%s, \"%s\")\n", row, FILENAME
}
