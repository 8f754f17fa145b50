/* What SQL says of each method of domain control, against the rows that C has. */
#include "tests/statements.h"

#include "message/field.h"
#include "pki/dcv_method.h"
#include "store/script.h"

static struct script *admin;

static int open_world(void **state)
{
    struct fault f;

    if (start(state) != 0)
        return 1;
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    return admin ? 0 : 1;
}

static int close_world(void **state)
{
    script_close(admin);
    return stop(state);
}

/* "true web ca-tbr-18": what the functions of db/functions/method.sql say. */
static const char *in_sql(const char *method)
{
    const char *params[] = { method }, *out = NULL;
    struct fault f;

    if (!script_ask(admin, &arena,
                    "SELECT concat_ws(' ', method_exact($1)::text, method_transport($1),"
                    " method_label($1))",
                    params, 1, &out, &f))
        fail_msg("%s: %s", method, f.detail);
    return out;
}

static const char *label_in_sql(const char *section)
{
    const char *params[] = { section }, *out = NULL;
    struct fault f;

    assert_true(script_ask(admin, &arena, "SELECT section_label($1)", params, 1, &out, &f));
    return out;
}

static void each_method_is_the_same_in_c_and_in_sql(void **state)
{
    const ProtobufCEnumDescriptor *all = &dcv_method__value__descriptor;

    (void)state;
    for (unsigned i = 0; i < all->n_values; i++) {
        const char *text = enum_text(&arena, all, all->values[i].value);
        const struct dcv_method *m = dcv_method((DcvMethod__Value)all->values[i].value);

        if (!m) {
            fail_msg("%s has no row in dcv_methods.def", text);
            continue;
        }
        assert_string_equal(in_sql(text),
                            arena_format(&arena, "%s %s ca-tbr-%s", m->exact ? "true" : "false",
                                         dcv_transport_text(m->transport),
                                         strrchr(m->section, '.') + 1));
        assert_string_equal(label_in_sql(m->section), strrchr(in_sql(text), ' ') + 1);
    }
}

/* One of a newer release, which this one's functions must not refuse. */
static void an_unknown_method_is_not_exact(void **state)
{
    (void)state;
    assert_null(dcv_method((DcvMethod__Value)0));
    assert_string_equal(in_sql("of-tomorrow"), "false");
}

/* It is stored by a statement alone, which has the words of its row. */
static void what_is_proved_by_mail_names_its_section(void **state)
{
    const struct dcv_method *mail = dcv_method(DCV_METHOD__VALUE__EMAIL);
    const char *words = arena_format(
        &arena, "'%s', '%s'", enum_text(&arena, &dcv_method__value__descriptor, (int)mail->id),
        mail->section);

    (void)state;
    assert_non_null(strstr(statement("email_approve")->text, words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_is_the_same_in_c_and_in_sql),
        cmocka_unit_test(an_unknown_method_is_not_exact),
        cmocka_unit_test(what_is_proved_by_mail_names_its_section),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
