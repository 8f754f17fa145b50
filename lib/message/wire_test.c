/* The forms of wire.def, and that each of its rows names something that exists. */
#include "message/json.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "codec.pb-c.h"
#include "message/field.h"
#include "message/plan.h"

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

#define MESSAGE_TYPE(name) extern const ProtobufCMessageDescriptor name;
#define ENUM_TYPE(name)    extern const ProtobufCEnumDescriptor name;
#include "types.def"
#undef MESSAGE_TYPE
#undef ENUM_TYPE

static const ProtobufCMessageDescriptor *const messages[] = {
#define MESSAGE_TYPE(name) &name,
#define ENUM_TYPE(name)
#include "types.def"
};
#undef MESSAGE_TYPE
#undef ENUM_TYPE

static const ProtobufCEnumDescriptor *const enums[] = {
#define MESSAGE_TYPE(name)
#define ENUM_TYPE(name) &name,
#include "types.def"
};

static bool names_an_enum(const char *row)
{
    for (size_t i = 0; i < sizeof enums / sizeof *enums; i++) {
        if (strcmp(enums[i]->name, row) == 0)
            return true;
    }
    return false;
}

static const ProtobufCFieldDescriptor *named_field(const char *row)
{
    const char *dot = strrchr(row, '.');

    for (size_t i = 0; dot && i < sizeof messages / sizeof *messages; i++) {
        const char *name = messages[i]->name;
        if (strlen(name) == (size_t)(dot - row) && strncmp(name, row, strlen(name)) == 0)
            return field_find(messages[i], dot + 1);
    }
    return NULL;
}

static bool is_number(const ProtobufCFieldDescriptor *f)
{
    return f->type <= PROTOBUF_C_TYPE_DOUBLE;
}

static bool is_instant(const ProtobufCFieldDescriptor *f)
{
    return f->type == PROTOBUF_C_TYPE_MESSAGE && type_is_instant(f->descriptor);
}

static bool fits(const ProtobufCFieldDescriptor *f, enum wire_form form)
{
    const bool ok[] = {
        [FORM_DATE] = is_instant(f),
        [FORM_PLAIN_DATETIME] = is_instant(f),
        [FORM_DIGIT_BOOL] = f->type == PROTOBUF_C_TYPE_BOOL,
        [FORM_TEXT_NUMBER] = is_number(f),
        [FORM_DROP_EMPTY] = f->label == PROTOBUF_C_LABEL_REPEATED,
        [FORM_ZERO_COUNTS] = f->label == PROTOBUF_C_LABEL_OPTIONAL &&
                             (is_number(f) || f->type == PROTOBUF_C_TYPE_STRING),
        [FORM_MAP] = f->type == PROTOBUF_C_TYPE_STRING && f->label == PROTOBUF_C_LABEL_OPTIONAL,
        [FORM_FLAG] = f->type == PROTOBUF_C_TYPE_UINT32 && f->label != PROTOBUF_C_LABEL_REPEATED,
    };

    return ok[form];
}

static void every_row_names_something(void **state)
{
    (void)state;
    for (const struct wire_row *row = wire_rows; row->name; row++) {
        const ProtobufCFieldDescriptor *field = named_field(row->name);
        if (row->form == FORM_HYPHEN ? !names_an_enum(row->name)
                                     : !field || !fits(field, row->form))
            fail_msg("wire.def: %s", row->name);
        for (const struct wire_row *other = wire_rows; other < row; other++)
            assert_string_not_equal(other->name, row->name);
    }
}

/* What the codec cannot do must not be in a .proto, nor what two plans would take for the same. */
static void every_type_has_a_plan(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        const struct plan *plan = plan_of(messages[i]);
        assert_ptr_equal(plan->type, messages[i]);
        assert_ptr_equal(plan_of(messages[i]), plan);
        for (unsigned k = 0; k < messages[i]->n_fields; k++) {
            const ProtobufCFieldDescriptor *field = &messages[i]->fields[k];
            char key[64] = "";
            strncpy(key, field->name, sizeof key - 9);
            assert_ptr_equal(plan_find(plan, key, strlen(field->name))->field, field);
            assert_false(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF);
        }
    }
    for (size_t i = 0; i < sizeof enums / sizeof *enums; i++)
        assert_ptr_equal(plan_of_enum(enums[i])->type, enums[i]);
}

static void writes_forms_and_reads_them_back(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "{\"spelling\":\"one-word\"}", NULL },
        { "{\"date\":\"2024-10-15T23:59:59Z\"}", "{\"date\":\"2024-10-15\"}" },
        { "{\"plain\":\"2024-03-01T10:20:30Z\"}", "{\"plain\":\"2024-03-01T10:20:30\"}" },
        { "{\"digit\":true}", "{\"digit\":\"1\"}" },
        { "{\"digit\":0}", "{\"digit\":\"0\"}" },
        { "{\"number\":-9223372036854775808}", "{\"number\":\"-9223372036854775808\"}" },
        { "{\"numbers\":[1,2]}", "{\"numbers\":[\"1\",\"2\"]}" },
        { "{\"numbers\":[]}", NULL },
        { "{\"dropped\":[]}", "{}" },
        { "{\"dropped\":[\"a\"]}", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *json = cases[i].in;
        for (int round = 0; round < 2; round++) { /* the second reads what the first wrote */
            struct fault f;
            struct text out;
            ProtobufCMessage *m =
                message_from_json(&arena, &codec__descriptor, json, strlen(json), &f);
            assert_non_null(m);
            text_init(&out, &arena);
            message_to_json(m, &out);
            assert_string_equal(out.data, cases[i].out ? cases[i].out : cases[i].in);
            json = out.data;
        }
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_row_names_something),
        TEST(every_type_has_a_plan),
        TEST(writes_forms_and_reads_them_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
