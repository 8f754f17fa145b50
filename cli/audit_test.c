/* The verifier against a chain that one SQL statement computes, and against who changes it. */
#include "fixture_test.h"

/* Six transactions of five rows each, of numbers below any that the database gives. */
#define ROWS                                                                                       \
    "INSERT INTO audit (xid, at, account_id, source, ip, activity, subject, detail)"               \
    " SELECT (3 + n / 5)::text::xid8, timestamptz '2026-01-01' + n * interval '1 second', 900,"    \
    "        'api', '192.0.2.1', 'row ' || n, 'order/' || n, jsonb_build_object('n', n)"           \
    "   FROM generate_series(0, 29) n;"

/* One seal over the transactions from `from` to `till`. */
#define SEAL(id, from, till)                                                                       \
    "INSERT INTO audit_seal SELECT " id ", '" from "', '" till "', count(*), p.hash,"              \
    " sha256(p.hash || convert_to(string_agg(audit_line(a), '' ORDER BY a.xid, a.id)"              \
    " || concat_ws(' ', 'seal', " id ", '" from "', '" till "', count(*), 1769904000000000)"       \
    " || E'\\n', 'UTF8')), '2026-02-01' FROM audit a, (SELECT coalesce((SELECT hash FROM "         \
    "audit_seal WHERE id = " id " - 1), decode(repeat('00', 32), 'hex')) AS hash) p"               \
    " WHERE a.xid >= '" from "' AND a.xid < '" till "' GROUP BY p.hash;"

static const char *heads;

static int sealed(void **state)
{
    begin(state);
    execute(ROWS);
    execute(SEAL("1", "0", "5"));
    execute(SEAL("2", "5", "7"));
    execute(SEAL("3", "7", "8"));
    heads = path_of("heads");
    file_put(heads,
             answer("SELECT '0 ' || repeat('0', 64) || E' 2026-01-01T00:00:00+00:00\\n' || "
                    "string_agg(id || ' ' || encode(hash, 'hex')"
                    " || E' 2026-02-01T00:00:00+00:00\\n', '' ORDER BY id) FROM audit_seal"));
    return 0;
}

static void verify(int want, const char *says)
{
    must(run_with(audit_verify_command, NULL, (const char *const[]){ "heads", heads, NULL }));
    if (status != want)
        fail_msg("status %d:\n%s", status, output);
    must_say(says);
}

static void unchanged(void **state)
{
    (void)state;
    verify(0,
           "3 seals over 25 rows; 5 rows not sealed yet, the oldest of 2026-01-01T00:00:25+00:00");
    must_say("the audit log is as it was sealed");
    must(run_with(audit_verify_command, NULL, NULL));
    assert_int_equal(status, 0);
    execute("DELETE FROM audit; DELETE FROM audit_seal");
    must(run_with(audit_verify_command, NULL, NULL));
    assert_int_equal(status, 0);
    must_say("0 seals over 0 rows; 0 rows not sealed yet");
}

/* What somebody with all rights does, and what the verifier says of it. */
static const struct {
    const char *deed, *says;
} deeds[] = {
    { "UPDATE audit SET activity = 'nothing' WHERE activity = 'row 12'",
      "FIRST DIFFERENCE  seal 2: a row was edited" },
    { "UPDATE audit SET account_id = NULL WHERE activity = 'row 12'", "seal 2: a row was edited" },
    { "UPDATE audit SET at = at + interval '1 microsecond' WHERE activity = 'row 0'",
      "seal 1: a row was edited" },
    { "UPDATE audit SET detail = detail || '{\"x\": 1}' WHERE activity = 'row 24'",
      "seal 3: a row was edited" },
    { "UPDATE audit SET user_id = 1 WHERE activity = 'row 3'", "seal 1: a row was edited" },
    { "UPDATE audit SET ip = '192.0.2.2' WHERE activity = 'row 3'", "seal 1: a row was edited" },
    { "UPDATE audit SET xid = '4' WHERE activity = 'row 0'", "seal 1: a row was edited" },
    { "UPDATE audit SET xid = '6' WHERE activity = 'row 20'", "seal 2: 1 rows were added to 10" },
    { "UPDATE audit SET xid = '900' WHERE activity = 'row 20'", "seal 3: 1 of 5 rows are missing" },
    { "DELETE FROM audit WHERE activity = 'row 12'", "seal 2: 1 of 10 rows are missing" },
    { "DELETE FROM audit WHERE xid = '3'", "seal 1: 5 of 10 rows are missing" },
    { "INSERT INTO audit (xid, at, source, activity) VALUES ('4', '2026-01-01', 'cli', 'new')",
      "seal 1: 1 rows were added to 10" },
    { "INSERT INTO audit (xid, id, at, source, activity) OVERRIDING SYSTEM VALUE VALUES ('7', -5, "
      "'2026-01-01', 'cli', 'new')",
      "seal 3: 1 rows were added to 5" },
    { "UPDATE audit SET by_role = 'chancery_cli', source = 'cli' WHERE activity = 'row 3'",
      "seal 1: a row was edited" },
    { "UPDATE audit SET operator = 'ann' WHERE activity = 'row 3'", "seal 1: a row was edited" },
    { "UPDATE audit_seal SET sealed_at = '2020-01-01' WHERE id = 2",
      "seal 2: a row was edited, or the seal itself" },
    { "UPDATE audit_seal SET horizon = '9' WHERE id = 3", "seal 3: 5 rows were added to 5" },
    { "UPDATE audit_seal SET hash = sha256('x') WHERE id = 2",
      "seal 3: does not continue the seal before" },
    { "UPDATE audit_seal SET count = 11 WHERE id = 2", "seal 2: 1 of 11 rows are missing" },
    { "UPDATE audit_seal SET from_horizon = '6' WHERE id = 2",
      "seal 2: begins at transaction 6, the seal before ended at 5" },
    { "UPDATE audit_seal SET previous = sha256('x') WHERE id = 3",
      "seal 3: does not continue the seal before" },
    { "DELETE FROM audit_seal WHERE id = 2", "seal 3: the seals from 2 to 2 are gone" },
    { "DELETE FROM audit_seal WHERE id = 3",
      "seal 3: is in the copy of the heads, but no longer in the database" },
    { "DELETE FROM audit_seal", "seal 1: is in the copy of the heads" },
    /* With a chain computed anew, only the copy of the heads knows. */
    { "DELETE FROM audit WHERE activity = 'row 12'; DELETE FROM audit_seal WHERE id > 1;" SEAL(
          "2", "5", "7") SEAL("3", "7", "8"),
      "FIRST DIFFERENCE  seal 2: differs from the copy of its head" },
    /* A function that tells what was: the verifier does not ask it. */
    { "CREATE OR REPLACE FUNCTION audit_line(a audit) RETURNS text LANGUAGE sql STABLE AS 'SELECT "
      "''''';"
      "UPDATE audit SET activity = 'nothing' WHERE activity = 'row 12'",
      "seal 2: a row was edited" },
};

static void changes_are_found(void **state)
{
    (void)state;
    execute("CREATE TABLE rows_kept AS SELECT * FROM audit; CREATE TABLE seals_kept AS SELECT * "
            "FROM audit_seal");
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        execute(deeds[i].deed);
        verify(1, deeds[i].says);
        must_say("THE AUDIT LOG WAS CHANGED");
        execute(
            "DELETE FROM audit; INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM rows_kept;"
            "DELETE FROM audit_seal; INSERT INTO audit_seal SELECT * FROM seals_kept");
        verify(0, "3 seals over 25 rows");
    }
}

/* An edited row is one difference, in its own seal: the seals after it still hold. */
static void one_edit_is_one_difference(void **state)
{
    (void)state;
    execute("UPDATE audit SET activity = 'nothing' WHERE activity = 'row 3'");
    verify(1, "FIRST DIFFERENCE  seal 1: a row was edited");
    assert_null(strstr(output, "seal 2:"));
    assert_null(strstr(output, "seal 3:"));
}

/* A thousand rows are a page. */
static void pages(void **state)
{
    static const int counts[] = { 999, 1000, 1001, 2000 };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        execute("DELETE FROM audit; DELETE FROM audit_seal");
        execute(arena_format(&arena,
                             "INSERT INTO audit (xid, at, source, activity)"
                             " SELECT (3 + n %% 7)::text::xid8, '2026-01-01', 'api', 'row'"
                             "   FROM generate_series(1, %d) n",
                             counts[i]));
        execute(SEAL("1", "0", "100"));
        must(run_with(audit_verify_command, NULL, NULL));
        assert_int_equal(status, 0);
        must_say(arena_format(&arena, "1 seals over %d rows; 0 rows not sealed yet", counts[i]));
        execute("UPDATE audit SET ip = '::1' WHERE id = (SELECT max(id) FROM audit)");
        must(run_with(audit_verify_command, NULL, NULL));
        assert_int_equal(status, 1);
    }
}

static void many_seals(void **state)
{
    (void)state;
    execute(
        "DELETE FROM audit; DELETE FROM audit_seal;"
        "INSERT INTO audit (xid, at, source, activity)"
        " SELECT (2 + n)::text::xid8, '2026-01-01', 'api', 'row' FROM generate_series(1, 401) n;"
        "DO $$ DECLARE last bytea := decode(repeat('00', 32), 'hex'); BEGIN FOR n IN 1 .. 401 LOOP"
        " INSERT INTO audit_seal SELECT n, CASE WHEN n = 1 THEN '0' ELSE (2 + n)::text END::xid8,"
        " (3 + n)::text::xid8, 1, last, sha256(last || convert_to(audit_line(a) || "
        "concat_ws(' ', 'seal', n, CASE WHEN n = 1 THEN '0' ELSE (2 + n)::text END, 3 + n, 1, "
        "1769904000000000) || E'\\n', 'UTF8')), '2026-02-01'"
        " FROM audit a WHERE a.xid = (2 + n)::text::xid8 RETURNING hash INTO last;"
        "END LOOP; END $$");
    must(run_with(audit_verify_command, NULL, NULL));
    must_say("401 seals over 401 rows");
    assert_int_equal(status, 0);
}

static void copies_of_heads(void **state)
{
    char *whole = file_get(heads), *first = strchr(whole, '\n') + 1,
         *second = strchr(first, '\n') + 1;
    (void)state;
    char *third = strchr(second, '\n') + 1;
    file_put(heads, arena_strndup(&arena, whole, (size_t)(third - whole)));
    verify(0, "the newest 1 heads are not copied yet");
    file_put(heads, arena_format(&arena, "%.*s3 00", (int)(third - whole), whole));
    verify(0, "the newest 1 heads are not copied yet");
    file_put(heads, arena_format(&arena, "%.*s%s", (int)(second - whole), whole, third));
    verify(1, "seal 2: is missing in the copy of the heads, which goes on");
    file_put(heads, arena_format(&arena, "%snonsense\n", whole));
    must_fail(run_with(audit_verify_command, NULL, WORDS("heads", heads)), "line 5 is no head");
    file_put(heads, arena_format(&arena, "%s%s", third, first));
    must_fail(run_with(audit_verify_command, NULL, WORDS("heads", heads)), "line 2 is no head");
    must_fail(run_with(audit_verify_command, NULL, WORDS("heads", path_of("none"))),
              "cannot be read");
}

static void lost_copies_begin_anew(void **state)
{
    (void)state;
    must(run_with(heads_begin_command, NULL, NULL));
    must_say("from seal 1 to 3");
    assert_string_equal(
        answer("SELECT concat_ws(' ', source, by_role, activity, subject) FROM audit"
               " WHERE activity LIKE '%heads%'"),
        "cli chancery_cli audit heads begin anew heads_begin/3");
    execute("DELETE FROM audit_seal");
    must_fail(run_with(heads_begin_command, NULL, NULL), "nothing is sealed yet");
}

#define SEALED(name) cmocka_unit_test_setup_teardown(name, sealed, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEALED(unchanged),
        SEALED(changes_are_found),
        SEALED(one_edit_is_one_difference),
        SEALED(pages),
        SEALED(many_seals),
        SEALED(copies_of_heads),
        SEALED(lost_copies_begin_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
