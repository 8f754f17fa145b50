#include "store/fixture_test.h"

/* ---- values there and back */

STATEMENT(echo, sample, sample, false, SQL_ONE,
          "SELECT $1 AS id, $2::int4 AS small, $3 AS count, $4 AS large, $5 AS flag, $6 AS text,"
          " $7 AS data, $8 AS colour, $9 AS at, $10 AS \"part.name\", $11::int2 AS \"part.rank\","
          " $12 AS \"part.at\", $13 AS names, $14 AS numbers, $15 AS blobs, $16 AS flags,"
          " $17 AS times, $18 AS colours, $19::int8 AS delta, $20::int4[] AS smalls,"
          " (SELECT json_agg(json_build_object('name', n)) FROM unnest($21) n) AS parts",
          "id", "small", "count", "large", "flag", "text", "data", "colour", "at", "part.name",
          "part.rank", "part.at", "names", "numbers", "blobs", "flags", "times", "colours", "delta",
          "smalls", "parts.name", NULL);

static void fill(Sample *in)
{
    static Instant at = INSTANT__INIT, old = INSTANT__INIT, *times[] = { &at, &old };
    static Part part = PART__INIT, *parts[] = { &part, &part };
    char **names = arena_array(&arena, char *, 3);
    static int64_t numbers[] = { INT64_MIN, 0, INT64_MAX };
    static int32_t smalls[] = { -7, INT32_MAX };
    static uint8_t bytes[] = { 0, 255, 0 };
    static ProtobufCBinaryData blobs[] = { { 3, bytes }, { 0, NULL } };
    static protobuf_c_boolean flags[] = { 1, 0 };
    static Sample__Colour colours[] = { SAMPLE__COLOUR__DARK_BLUE, SAMPLE__COLOUR__RED };

    names[0] = arena_strdup(&arena, "");
    names[1] = arena_strdup(&arena, "\xc3\xa4,\"}{");
    names[2] = arena_strdup(&arena, "NULL");
    at.us = INT64_C(1709288430123456);
    old.us = -1;
    part = (Part){ PROTOBUF_C_MESSAGE_INIT(&part__descriptor), names[1], 1, -3, &old };
    *in = (Sample){ .base = in->base,
                    .has_id = 1,
                    .id = INT64_MIN,
                    .has_small = 1,
                    .small = INT32_MIN,
                    .has_count = 1,
                    .count = UINT32_MAX,
                    .has_large = 1,
                    .large = INT64_MAX,
                    .has_flag = 1,
                    .flag = 1,
                    .text = names[1],
                    .has_data = 1,
                    .data = blobs[0],
                    .has_colour = 1,
                    .colour = SAMPLE__COLOUR__DARK_BLUE,
                    .at = &at,
                    .part = &part,
                    .n_parts = 2,
                    .parts = parts,
                    .n_names = 3,
                    .names = names,
                    .n_numbers = 3,
                    .numbers = numbers,
                    .n_blobs = 2,
                    .blobs = blobs,
                    .n_flags = 2,
                    .flags = flags,
                    .n_times = 2,
                    .times = times,
                    .n_colours = 2,
                    .colours = colours,
                    .has_delta = 1,
                    .delta = -1,
                    .n_smalls = 2,
                    .smalls = smalls };
}

/* Equal as bytes on the wire. Of the parts only the names travel. */
static void assert_same(const Sample *a, const Sample *b)
{
    uint8_t *pa = arena_alloc(&arena, sample__get_packed_size(a));
    uint8_t *pb = arena_alloc(&arena, sample__get_packed_size(b));
    size_t na = sample__pack(a, pa);

    assert_int_equal(na, sample__pack(b, pb));
    assert_memory_equal(pa, pb, na);
}

static void every_type(void **state)
{
    Sample in = SAMPLE__INIT, out = SAMPLE__INIT;

    (void)state;
    fill(&in);
    must(store_one(store, &arena, &echo, &in.base, &out.base, &f));
    assert_int_equal(out.n_parts, 2);
    assert_string_equal(out.parts[1]->name, in.part->name);
    out.parts = in.parts;
    assert_same(&in, &out);
}

static void absent_members(void **state)
{
    Sample in = SAMPLE__INIT, out = SAMPLE__INIT, none = SAMPLE__INIT;

    (void)state;
    must(store_one(store, &arena, &echo, &in.base, &out.base, &f));
    assert_same(&out, &none);
    assert_non_null(out.names); /* {} is an empty list, */
    assert_null(out.parts);     /* json_agg() of nothing is NULL: no list */
    assert_null(out.part);
}

static void unprepared(void **state)
{
    struct store *s = store_of(false, "");
    Sample in = SAMPLE__INIT, out = SAMPLE__INIT;

    (void)state;
    fill(&in);
    for (int i = 0; i < 2; i++)
        must(store_one(s, &arena, &echo, &in.base, &out.base, &f));
    assert_int_equal(out.id, in.id);
    store_free(s);
}

STATEMENT(timeless, sample, sample, false, SQL_ONE,
          "SELECT timestamptz 'infinity' AS at, '-infinity'::timestamptz AS \"part.at\","
          " 'n'::name AS \"part.name\", '7'::xid8 AS large, 'v'::varchar AS text",
          NULL);

static void other_types(void **state)
{
    Sample in = SAMPLE__INIT, out = SAMPLE__INIT;

    (void)state;
    must(store_one(store, &arena, &timeless, &in.base, &out.base, &f));
    assert_true(out.at->us == INT64_MAX && out.part->at->us == INT64_MIN);
    assert_true(out.large == 7);
    assert_string_equal(out.part->name, "n");
    assert_string_equal(out.text, "v");
}

/* ---- how many rows */

STATEMENT(count_up, sample, sample_key, false, SQL_MANY,
          "SELECT i AS id FROM generate_series(1, $1) i", "id", NULL);
STATEMENT(nothing_required, sample, sample_key, false, SQL_ONE, "SELECT NULL::int8 AS id", NULL);
STATEMENT(unknown_column, sample, sample_key, false, SQL_ONE, "SELECT 1 AS id, 2 AS what", NULL);
STATEMENT(no_such_table, sample, sample_key, false, SQL_ONE, "SELECT id FROM nowhere", NULL);

static void row_counts(void **state)
{
    Sample in = SAMPLE__INIT;
    SampleKey out = SAMPLE_KEY__INIT;
    struct rows rows;
    bool found;

    (void)state;
    in.has_id = 1;
    must_fail(store_one(store, &arena, &count_up, &in.base, &out.base, &f), FAULT_NOT_FOUND);
    must(store_maybe(store, &arena, &count_up, &in.base, &out.base, &found, &f));
    assert_false(found);
    must(store_all(store, &arena, &count_up, &in.base, &rows, &f));
    assert_int_equal(rows.count, 0);
    in.id = 1;
    must(store_one(store, &arena, &count_up, &in.base, &out.base, &f));
    assert_int_equal(out.id, 1);
    must(store_maybe(store, &arena, &count_up, &in.base, &out.base, &found, &f));
    assert_true(found);
    in.id = 1000;
    must(store_all(store, &arena, &count_up, &in.base, &rows, &f));
    assert_int_equal(rows.count, 1000);
    assert_int_equal(((SampleKey *)rows.items[999])->id, 1000);
    must_fail(store_one(store, &arena, &count_up, &in.base, &out.base, &f), FAULT_INTERNAL);
}

static void faulty_statements(void **state)
{
    Sample in = SAMPLE__INIT;
    SampleKey out = SAMPLE_KEY__INIT;

    (void)state;
    must_fail(store_one(store, &arena, &nothing_required, &in.base, &out.base, &f), FAULT_INTERNAL);
    assert_string_equal(f.field, "id");
    must_fail(store_one(store, &arena, &unknown_column, &in.base, &out.base, &f), FAULT_INTERNAL);
    assert_string_equal(f.field, "what");
    for (int i = 0; i < 2; i++) {
        must_fail(store_one(store, &arena, &no_such_table, &in.base, &out.base, &f),
                  FAULT_INTERNAL);
        assert_true(!strncmp(f.detail, "42P01 ", 6));
    }
    must(store_ping(store, &f));
}

/* ---- writing */

STATEMENT(insert_set, row, row, true, SQL_MANY,
          "INSERT INTO sample (id, text) SELECT * FROM unnest($1, $2) RETURNING id, text", "id",
          "text", NULL);
STATEMENT(insert_parts, sample, sample, true, SQL_NONE,
          "WITH s AS (INSERT INTO sample SELECT * FROM unnest($1, $2) RETURNING id)"
          " INSERT INTO part (sample_id, name) SELECT * FROM unnest($3, $4)",
          "id", "part.name", "parts.rank", "parts.name", NULL);
STATEMENT(all_parts, row, row, false, SQL_MANY,
          "SELECT sample_id AS id, name AS text FROM part ORDER BY sample_id, name", NULL);

static void single_writes(void **state)
{
    Row a = row_of(1, "a"), b = row_of(2, NULL);
    size_t affected;

    (void)state;
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    must(store_run(store, &arena, &insert, &b.base, &affected, &f));
    assert_int_equal(affected, 1);
    must(store_run(store, &arena, &update_all, &a.base, &affected, &f));
    assert_int_equal(affected, 2);
    must_fail(store_run(store, &arena, &insert, &b.base, NULL, &f), FAULT_CONFLICT);
    assert_string_equal(f.field, "sample_pkey");
    assert_string_equal(list(&all_rows), "1=a 2=a");
}

static void sets(void **state)
{
    Row rows_in[] = { row_of(1, "a"), row_of(2, NULL), row_of(3, "") };
    const ProtobufCMessage *in[] = { &rows_in[0].base, &rows_in[1].base, &rows_in[2].base };
    struct rows out;

    (void)state;
    must(store_set(store, &arena, &insert_set, in, 3, &out, &f));
    assert_int_equal(out.count, 3);
    assert_int_equal(((Row *)out.items[1])->id, 2);
    assert_null(((Row *)out.items[1])->text);
    assert_string_equal(list(&all_rows), "1=a 2=- 3=");
    must(store_set(store, &arena, &insert_set, in, 0, &out, &f));
    assert_int_equal(out.count, 0);
}

/* A list of each input goes in as one array over all of them. */
static void sets_with_lists(void **state)
{
    Part parts[] = { PART__INIT, PART__INIT, PART__INIT };
    Part *list_of[] = { &parts[0], &parts[1], &parts[2] };
    Sample a = SAMPLE__INIT, b = SAMPLE__INIT, c = SAMPLE__INIT;
    const ProtobufCMessage *in[] = { &a.base, &b.base, &c.base };

    (void)state;
    a.has_id = b.has_id = c.has_id = 1;
    a.id = 1, b.id = 2, c.id = 3;
    parts[0].name = arena_strdup(&arena, "x");
    parts[1].name = arena_strdup(&arena, "y");
    parts[2].name = arena_strdup(&arena, "z");
    parts[0].has_rank = parts[1].has_rank = 1;
    parts[0].rank = 1, parts[1].rank = 1;
    a.part = &parts[2];
    a.n_parts = 2, a.parts = list_of;
    c.n_parts = 1, c.parts = list_of + 2;
    must(store_set(store, &arena, &insert_parts, in, 3, NULL, &f));
    assert_string_equal(list(&all_rows), "1=z 2=- 3=-");
    script("UPDATE part SET sample_id = -1 WHERE sample_id IS NULL");
    assert_string_equal(list(&all_parts), "-1=z 1=x 1=y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_type),    CASE(absent_members), CASE(unprepared),
        CASE(other_types),   CASE(row_counts),     CASE(faulty_statements),
        CASE(single_writes), CASE(sets),           CASE(sets_with_lists),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
