#include "message/field.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <pthread.h>
#include <string.h>

#include "bus.pb-c.h"
#include "codec.pb-c.h"
#include "message/json.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void finds_members_by_path(void **state)
{
    static const struct {
        const char *path, *owner; /* owner NULL: no such member */
    } cases[] = {
        { "text", "Codec" },
        { "inner.id", "CodecInner" },
        { "inner.deeper.deeper.note", "CodecInner" },
        { "inners.id", "CodecInner" },
        { "at.us", "Instant" },
        { "", NULL },
        { ".", NULL },
        { "tex", NULL },
        { "texts.x", NULL },
        { "inner.", NULL },
        { "inner..id", NULL },
        { "text.id", NULL },
        { "inner.nothing", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ProtobufCMessageDescriptor *owner = NULL;
        const char *path = cases[i].path;
        const ProtobufCFieldDescriptor *field = field_find_path(&codec__descriptor, path, &owner);
        if ((field != NULL) != (cases[i].owner != NULL))
            fail_msg("%s", path);
        if (field) {
            assert_string_equal(owner->name, cases[i].owner);
            assert_string_equal(field->name, strrchr(path, '.') ? strrchr(path, '.') + 1 : path);
        }
    }
    assert_non_null(field_find_path(&codec__descriptor, "inner.id", NULL));
    assert_non_null(field_find(&codec__descriptor, "i32"));
    assert_null(field_find(&codec__descriptor, "i33"));
}

static bool is_set(const void *message, const char *name)
{
    const ProtobufCMessage *m = message;

    return field_is_set(m, field_find(m->descriptor, name));
}

static void knows_what_is_set(void **state)
{
    Codec c = CODEC__INIT;
    CodecRequired r = CODEC_REQUIRED__INIT;
    char *none[1];

    (void)state;
    for (unsigned i = 0; i < codec__descriptor.n_fields; i++)
        assert_false(field_is_set(&c.base, &codec__descriptor.fields[i]));
    c.has_i32 = c.has_data = true;
    c.text = none[0] = (char[]){ "" };
    c.texts = none;
    c.u64s = (uint64_t[]){ 1 };
    c.n_u64s = 1;
    c.with_default = (char[]){ "preset" };
    assert_true(is_set(&c, "i32") && is_set(&c, "data") && is_set(&c, "text"));
    assert_true(is_set(&c, "texts") && is_set(&c, "u64s") && is_set(&c, "with_default"));
    assert_false(is_set(&r, "text") || is_set(&r, "inner"));
    assert_true(is_set(&r, "number") && is_set(&r, "flag"));
}

static void copies_share_nothing(void **state)
{
    static const char json[] =
        "{\"i32\":-1,\"text\":\"t\",\"data\":\"AAEC\",\"at\":\"2024-03-01T00:00:00+00:00\","
        "\"inner\":{\"id\":1,\"deeper\":{\"id\":2,\"note\":\"n\"},\"others\":[]},"
        "\"texts\":[\"a\",\"b\"],\"datas\":[\"AA==\"],\"inners\":[{\"id\":3},{\"id\":4}],"
        "\"reals\":[]}";
    struct arena first;
    struct fault f;
    struct text before, after;

    (void)state;
    arena_init(&first);
    ProtobufCMessage *message =
        message_from_json(&first, &codec__descriptor, json, strlen(json), &f);
    assert_non_null(message);
    text_init(&before, &arena);
    message_to_json(message, &before);
    ProtobufCMessage *copy = message_copy(&arena, message);
    arena_free(&first); /* under ASan a shared byte would be seen now */
    text_init(&after, &arena);
    message_to_json(copy, &after);
    assert_string_equal(before.data, after.data);
    assert_ptr_equal(((Codec *)copy)->with_default,
                     field_find(&codec__descriptor, "with_default")->default_value);
}

/* A member that a newer release has added survives. */
static void copies_unknown_members(void **state)
{
    uint8_t packed[] = { 0x08, 0x05, 0xF2, 0x07, 0x02, 'h', 'i' }; /* 1: 5, 126: "hi" */
    Nothing *message = nothing__unpack(&arena.pb, sizeof packed, packed);
    uint8_t again[sizeof packed];

    (void)state;
    assert_non_null(message);
    ProtobufCMessage *copy = message_copy(&arena, &message->base);
    assert_int_equal(protobuf_c_message_get_packed_size(copy), sizeof packed);
    protobuf_c_message_pack(copy, again);
    assert_memory_equal(again, packed, sizeof packed);
    assert_ptr_not_equal(copy->unknown_fields, message->base.unknown_fields);
}

static void new_messages_are_initialised(void **state)
{
    Codec expected = CODEC__INIT;

    (void)state;
    assert_memory_equal(message_new(&arena, &codec__descriptor), &expected, sizeof expected);
    assert_true(type_is_instant(&instant__descriptor));
    assert_false(type_is_instant(&codec__descriptor));
}

static void spells_enums(void **state)
{
    const ProtobufCEnumDescriptor *colour = &codec_colour__value__descriptor;
    const ProtobufCEnumDescriptor *spelling = &codec_spelling__value__descriptor;
    int value = 99;

    (void)state;
    assert_string_equal(enum_text(&arena, colour, CODEC_COLOUR__VALUE__DARK_BLUE), "dark_blue");
    assert_string_equal(enum_text(&arena, colour, CODEC_COLOUR__VALUE__NEGATIVE), "negative");
    assert_string_equal(enum_text(&arena, spelling, CODEC_SPELLING__VALUE__ONE_WORD), "one-word");
    assert_null(enum_text(&arena, colour, 3));
    assert_true(enum_read(colour, "negative", &value));
    assert_int_equal(value, -3);
    assert_true(enum_read(spelling, "another-one", &value));
    assert_int_equal(value, CODEC_SPELLING__VALUE__ANOTHER_ONE);
    assert_false(enum_read(spelling, "another_one", &value));
    assert_false(enum_read(colour, "RED", &value) || enum_read(colour, "", &value) ||
                 enum_read(colour, "re", &value) || enum_read(colour, "redd", &value));
}

static void sizes_are_those_of_the_members(void **state)
{
    (void)state;
#define SIZE(type, member)                                                                         \
    assert_int_equal(field_size(field_find(&codec__descriptor, #member)),                          \
                     sizeof(((type *)NULL)->member))
    SIZE(Codec, i32), SIZE(Codec, s32), SIZE(Codec, f32), SIZE(Codec, i64), SIZE(Codec, s64);
    SIZE(Codec, f64), SIZE(Codec, u32), SIZE(Codec, x32), SIZE(Codec, u64), SIZE(Codec, x64);
    SIZE(Codec, real32), SIZE(Codec, real64), SIZE(Codec, flag), SIZE(Codec, colour);
    SIZE(Codec, text), SIZE(Codec, data), SIZE(Codec, at), SIZE(Codec, inner);
}

/* Plans are made at first use, by whoever comes first. */
static void *read_in_a_thread(void *unused)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &envelope__descriptor,
        &reply__descriptor,
        &actor__descriptor,
        &page__descriptor,
    };
    struct arena a;
    struct fault f;

    arena_init(&a);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        message_from_json(&a, types[i], "{\"id\":1}", 8, &f);
    arena_free(&a);
    return unused;
}

static void threads_make_plans_at_once(void **state)
{
    pthread_t threads[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_in_a_thread, NULL), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(threads_make_plans_at_once),
        TEST(finds_members_by_path),
        TEST(knows_what_is_set),
        TEST(copies_share_nothing),
        TEST(copies_unknown_members),
        TEST(new_messages_are_initialised),
        TEST(spells_enums),
        TEST(sizes_are_those_of_the_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
