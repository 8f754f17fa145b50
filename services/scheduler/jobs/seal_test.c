#include "fixture_test.h"

#define ROW(activity)                                                                              \
    "INSERT INTO audit (at, source, activity) VALUES ('2020-01-01', 'system', '" activity "');"

/* The chain as one statement computes it: seals whose hash, place or number of rows is wrong. */
static int64_t wrong_seals(void)
{
    return number("SELECT count(*) FROM (SELECT s.hash <> sha256(s.previous || "
                  "convert_to(string_agg(audit_line(a), '' ORDER BY a.xid, a.id) || "
                  "concat_ws(' ', 'seal', s.id, s.from_horizon, s.horizon, s.count, "
                  "(extract(epoch FROM s.sealed_at) * 1000000)::bigint) || E'\\n', 'UTF8'))"
                  "  OR count(a.id) <> s.count"
                  "  OR s.previous <> coalesce(p.hash, decode(repeat('00', 32), 'hex'))"
                  "  OR s.from_horizon <> coalesce(p.horizon, '0'::xid8) AS wrong"
                  "  FROM audit_seal s LEFT JOIN audit_seal p ON p.id = s.id - 1"
                  "  JOIN audit a ON a.xid >= s.from_horizon AND a.xid < s.horizon"
                  " GROUP BY s.id, p.id) AS each WHERE wrong");
}

static int64_t sealed_rows(void)
{
    return number("SELECT coalesce(sum(count), 0)::bigint FROM audit_seal");
}

static void seal(void)
{
    must(run_once(seal_run, NULL));
    assert_int_equal(wrong_seals(), 0);
}

/* Any transaction of the cluster, of an autovacuum too, may hold sealing up for a moment. */
static void seal_until(int64_t rows)
{
    await_that((seal(), sealed_rows()) >= rows);
    assert_int_equal(sealed_rows(), rows);
}

static void nothing_to_seal(void **state)
{
    (void)state;
    seal();
    assert_int_equal(number("SELECT count(*) FROM audit_seal"), 0);
    execute(ROW("one"));
    seal_until(1);
    seal();
    seal();
    assert_int_equal(number("SELECT count(*) FROM audit_seal"), 1);
}

static void every_row_once(void **state)
{
    (void)state;
    for (int i = 1; i <= 5; i++) {
        execute(ROW("one") ROW("two"));
        execute(ROW("three"));
        seal_until(3 * i);
    }
}

/* A transaction that began before others and commits after them is sealed later, and once. */
static void open_transaction_is_waited_for(void **state)
{
    struct script *slow = another();
    (void)state;
    execute(ROW("before"));
    assert_true(script_run(slow, "BEGIN; " ROW("slow"), &f));
    execute(ROW("after"));
    assert_int_equal(number("SELECT count(*) FROM audit"), 2);
    seal_until(1);
    seal();
    assert_int_equal(sealed_rows(), 1);
    assert_true(script_run(slow, "COMMIT", &f));
    script_close(slow);
    seal_until(3);
    assert_string_equal(answer("SELECT string_agg(activity, ' ' ORDER BY xid, id) FROM audit"),
                        "before slow after");
}

static void rolled_back_rows_leave_no_hole(void **state)
{
    struct script *other = another();
    (void)state;
    assert_true(script_run(other, "BEGIN; " ROW("never"), &f));
    execute(ROW("one"));
    assert_true(script_run(other, "ROLLBACK", &f));
    script_close(other);
    seal_until(1);
}

/* Transaction 3 and 4 with 6,000 rows each, 5 with 12,000, 6 with one: a seal has 10,000 at the
 * most, unless one transaction has more. */
static void transactions_are_never_cut(void **state)
{
    (void)state;
    execute("INSERT INTO audit (xid, at, source, activity)"
            " SELECT x::text::xid8, '2020-01-01', 'system', 'row ' || n"
            "   FROM (VALUES (3, 6000), (4, 6000), (5, 12000), (6, 1)) AS t (x, rows),"
            "        generate_series(1, t.rows) n");
    seal();
    assert_string_equal(answer("SELECT string_agg(from_horizon::text || '+' || count, ' ' ORDER BY "
                               "id) FROM audit_seal"),
                        "0+6000 4+6000 5+12000 6+1");
}

static void goes_on_after_many(void **state)
{
    bool more;
    (void)state;
    execute("INSERT INTO audit (xid, at, source, activity)"
            " SELECT (3 + n / 10001)::text::xid8, '2020-01-01', 'system', 'row'"
            "   FROM generate_series(0, 10001 * 21 - 1) n");
    must(run_once(seal_run, &more));
    assert_true(more);
    assert_int_equal(number("SELECT max(id) FROM audit_seal"), 20);
    must(run_once(seal_run, &more));
    assert_false(more);
    assert_int_equal(sealed_rows(), 10001 * 21);
    assert_int_equal(wrong_seals(), 0);
}

/* ---- the copy of the heads */

/* Without the line of the beginning. */
static const char *file_text(void)
{
    FILE *file = fopen(heads_path, "re");
    struct text t;
    char line[256];
    assert_non_null(file);
    text_init(&t, &arena);
    text_add(&t, "");
    while (fgets(line, sizeof line, file))
        text_add(&t, line);
    fclose(file);
    if (strncmp(t.data, "0 0000", 6) != 0)
        return t.data;
    return strchr(t.data, '\n') + 1;
}

static const char *expected_heads(void)
{
    return answer("SELECT string_agg(id || ' ' || encode(hash, 'hex') || ' '"
                  " || to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS+00:00') || "
                  "E'\\n', '' ORDER BY id)"
                  "  FROM audit_seal");
}

static void heads_are_copied(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        execute(ROW("one"));
        seal_until(i + 1);
        assert_string_equal(file_text(), expected_heads());
    }
}

static void file_append(const char *text)
{
    FILE *file = fopen(heads_path, "ae");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What a crash leaves: heads that were never copied, and one that was half written. */
static void missing_heads_are_appended(void **state)
{
    (void)state;
    execute(ROW("one"));
    seal_until(1);
    execute(ROW("two"));
    assert_int_equal(truncate(heads_path, 100), 0);
    seal_until(2);
    assert_string_equal(file_text(), expected_heads());
    file_append("3 0011");
    execute(ROW("three"));
    seal_until(3);
    assert_string_equal(file_text(), expected_heads());
}

/* A file that is gone is not made anew from a database that may have been changed: only on an
 * operator's word, once. Rows are sealed meanwhile. */
static void lost_heads_are_refused(void **state)
{
    (void)state;
    execute(ROW("one"));
    seal_until(1);
    assert_int_equal(truncate(heads_path, 0), 0);
    execute(ROW("two"));
    assert_false(run_once(seal_run, NULL));
    assert_non_null(strstr(f.detail, "audit heads begin"));
    assert_string_equal(file_text(), "");
    assert_int_equal(unlink(heads_path), 0);
    assert_false(run_once(seal_run, NULL));
    execute("INSERT INTO heads_begin (seal_id, created_at) VALUES (1, '2020-01-01')");
    seal_until(3); /* the operator's word has a row of its own */
    assert_string_equal(file_text(), expected_heads());
    assert_int_equal(truncate(heads_path, 0), 0);
    assert_false(run_once(seal_run, NULL));
}

/* Nothing is sealed, and the first seal is made but not copied: it is the file that we began. */
static void the_beginning_is_written_first(void **state)
{
    (void)state;
    seal();
    execute("INSERT INTO audit_seal VALUES (1, '0', '1', 0, decode(repeat('00', 32), 'hex'), "
            "sha256('a'), '2020-01-01')");
    must(run_once(seal_run, NULL));
    assert_string_equal(file_text(), expected_heads());
}

static void many_heads(void **state)
{
    (void)state;
    seal();
    execute("INSERT INTO audit_seal SELECT n, (n - 1)::text::xid8, n::text::xid8, 0, sha256('a'), "
            "sha256(n::text::bytea),"
            " '2020-01-01' FROM generate_series(1, 500) n");
    must(run_once(seal_run, NULL));
    assert_string_equal(file_text(), expected_heads());
    execute("INSERT INTO audit_seal SELECT n, (n - 1)::text::xid8, n::text::xid8, 0, sha256('a'), "
            "sha256(n::text::bytea),"
            " '2020-01-01' FROM generate_series(501, 700) n");
    must(run_once(seal_run, NULL));
    assert_string_equal(file_text(), expected_heads());
}

/* Sealing goes on, but the copy is not continued with another chain. */
static void changed_chain_is_noticed(void **state)
{
    (void)state;
    execute(ROW("one"));
    seal_until(1);
    const char *before = file_text();
    execute("UPDATE audit_seal SET hash = sha256('other')");
    execute(ROW("two"));
    assert_false(run_once(seal_run, NULL));
    assert_non_null(strstr(f.detail, "audit verify"));
    assert_string_equal(file_text(), before);
    execute("DELETE FROM audit_seal");
    assert_false(run_once(seal_run, NULL));
    assert_string_equal(file_text(), before);
}

static void bad_files(void **state)
{
    (void)state;
    file_append("nonsense\n");
    assert_false(run_once(seal_run, NULL));
    assert_non_null(strstr(f.detail, "no head"));
    scheduler.heads = "/tmp/none/such";
    assert_false(run_once(seal_run, NULL));
}

/* A database restored from a dump counts its transactions from the beginning. */
static void lower_transactions_are_an_alarm(void **state)
{
    (void)state;
    execute("INSERT INTO audit_seal VALUES (1, '0', '4000000000', 1, sha256('a'), sha256('b'), "
            "'2020-01-01')");
    execute(ROW("one"));
    assert_false(run_once(seal_run, NULL));
    assert_non_null(strstr(f.detail, "restored"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(nothing_to_seal),
        FRESH(every_row_once),
        FRESH(open_transaction_is_waited_for),
        FRESH(rolled_back_rows_leave_no_hole),
        FRESH(transactions_are_never_cut),
        FRESH(goes_on_after_many),
        FRESH(heads_are_copied),
        FRESH(missing_heads_are_appended),
        FRESH(lost_heads_are_refused),
        FRESH(the_beginning_is_written_first),
        FRESH(many_heads),
        FRESH(changed_chain_is_noticed),
        FRESH(bad_files),
        FRESH(lower_transactions_are_an_alarm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
