#include "bus/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const services[] = { "gateway",  "validation", "issuer",
                                        "notifier", "scheduler",  "perspective" };

enum { SERVICES = sizeof services / sizeof services[0] };

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const TrustPolicy *read_text(const char *text, struct fault *f)
{
    char path[] = "/tmp/chancery-trust-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    const TrustPolicy *trust = trust_read(&arena, path, f);
    unlink(path);
    return trust;
}

static void only_what_is_named_is_allowed(void **state)
{
    static const struct {
        const char *service, *block, *method, *caller;
        bool allowed;
    } cases[] = {
        { "issuer", "Jobs", "Run", "gateway", true },
        { "issuer", "Jobs", "Run", "scheduler", true },
        { "issuer", "Jobs", "Run", "notifier", false },
        { "issuer", "Jobs", "Run", "", false },
        { "issuer", "Jobs", "Ru", "gateway", false },
        { "issuer", "Jobs", "Runs", "gateway", false },
        { "issuer", "Job", "Run", "gateway", false },
        { "issuer", "Jobs.Run", "", "gateway", false },
        { "validation", "Jobs", "Run", "gateway", false },
        { "issue", "Jobs", "Run", "gateway", false },
    };
    struct fault f;
    const TrustPolicy *trust =
        read_text("{\"rules\":[{\"service\":\"issuer\",\"method\":\"Jobs.Run\","
                  "\"callers\":[\"gateway\",\"scheduler\"]}]}",
                  &f);

    (void)state;
    assert_non_null(trust);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            trust_allows(trust, cases[i].service, cases[i].block, cases[i].method, cases[i].caller),
            cases[i].allowed);
}

static void damaged_files_are_refused(void **state)
{
    static const char *const texts[] = { "", "[]", "{\"rules\":[{\"service\":\"issuer\"}]}",
                                         "{\"rules\":1}", "{\"rules\":[]} x" };
    struct fault f;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_null(read_text(texts[i], &f));
        assert_string_equal(f.field, "trust");
    }
    assert_null(trust_read(&arena, "/nonexistent", &f));
    assert_string_equal(f.field, "trust");
}

static bool is_service(const char *name)
{
    for (int i = 0; i < SERVICES; i++) {
        if (strcmp(services[i], name) == 0)
            return true;
    }
    return false;
}

/* The file that ships: its names are services, and what must never be open is not. */
static void shipped_policy_is_sound(void **state)
{
    struct fault f;
    const TrustPolicy *trust = trust_read(&arena, "policy/trust.json", &f);

    (void)state;
    assert_non_null(trust);
    assert_true(trust->n_rules > 0);
    for (size_t i = 0; i < trust->n_rules; i++) {
        assert_true(is_service(trust->rules[i]->service));
        assert_non_null(strchr(trust->rules[i]->method, '.'));
        for (size_t j = 0; j < trust->rules[i]->n_callers; j++)
            assert_true(is_service(trust->rules[i]->callers[j]));
    }
    assert_true(trust_allows(trust, "issuer", "Jobs", "Run", "gateway"));
    assert_false(trust_allows(trust, "issuer", "Jobs", "Run", "notifier"));
    for (int i = 0; i < SERVICES; i++)
        assert_false(trust_allows(trust, "gateway", "Jobs", "Run", services[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_named_is_allowed),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(shipped_policy_is_sound),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
