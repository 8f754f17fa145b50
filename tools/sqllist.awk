# sqllist - a C table of every statement in the .sql files given, for the statement test.
BEGIN { print "#include \"store/store.h\"\n" }
/^-- [a-z_0-9]+: [A-Z][A-Za-z0-9]*\*? -> [A-Z][A-Za-z0-9]*[*?]?$/ {
	name = substr($2, 1, length($2) - 1)
	print "extern const struct sql sql_" name ";"
	rows = rows "    &sql_" name ",\n"
}
END { print "\nconst struct sql *const all_sql[] = {\n" rows "    NULL,\n};" }
