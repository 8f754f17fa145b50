#include "bus/curve_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing/bus_rig.h"

struct world {
    struct bus_rig rig;
    struct bus *issuer;
    char endpoint[128];
};

static struct world world;

static int open_world(void **state)
{
    bus_rig_open(&world.rig);
    world.issuer = bus_rig_serve(&world.rig, "tcp://127.0.0.1:*", 1);
    snprintf(world.endpoint, sizeof world.endpoint, "%s", bus_endpoint(world.issuer));
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;

    bus_free(w->issuer);
    bus_rig_close(&w->rig);
    return 0;
}

/* ---- changing a key */

static void retire_key(const struct bus_rig *rig, const char *service)
{
    static const char *const suffixes[][2] = { { "key", "old.key" }, { "pub", "old.pub" } };
    char name[32], from[RIG_PATH_SIZE], to[RIG_PATH_SIZE];
    struct fault f;

    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s.%s", service, suffixes[i][0]);
        bus_rig_path(rig, name, from);
        snprintf(name, sizeof name, "%s.%s", service, suffixes[i][1]);
        bus_rig_path(rig, name, to);
        assert_int_equal(rename(from, to), 0);
    }
    assert_true(bus_make_keys(rig->folder, service, &f));
}

static void expect_answer(const struct world *w)
{
    struct bus *gateway = bus_rig_dial(&w->rig, "gateway", w->endpoint);
    struct rig_call c;

    rig_call(&c, gateway, "say", 1);
    assert_true(c.answered);
    assert_string_equal(c.peer, "gateway");
    bus_free(gateway);
}

/* The issuer still runs with its old key; then it is restarted with the new one. */
static void server_changes_its_key(void **state)
{
    struct world *w = *state;

    retire_key(&w->rig, "issuer");
    expect_answer(w);
    bus_free(w->issuer);
    w->issuer = bus_rig_serve(&w->rig, w->endpoint, 1);
    expect_answer(w);
}

static void client_changes_its_key(void **state)
{
    struct world *w = *state;

    retire_key(&w->rig, "gateway");
    expect_answer(w);
}

/* The new public key has not reached the server's folder: the old secret key still opens. */
static void server_does_not_know_the_new_key_yet(void **state)
{
    struct world *w = *state;
    char path[RIG_PATH_SIZE];

    retire_key(&w->rig, "gateway");
    bus_rig_path(&w->rig, "gateway.pub", path);
    assert_int_equal(unlink(path), 0);
    expect_answer(w);
}

/* Both at once: every pair of keys is tried. */
static void both_change_their_keys(void **state)
{
    const struct world *w = *state;

    retire_key(&w->rig, "issuer");
    server_does_not_know_the_new_key_yet(state);
}

/* ---- files */

static void keys_are_made_once(void **state)
{
    struct world *w = *state;
    struct key_pair first[KEYS_EACH], again[KEYS_EACH];
    char pub[RIG_PATH_SIZE], key[RIG_PATH_SIZE];
    struct stat is;
    struct fault f;

    assert_true(bus_make_keys(w->rig.folder, "scheduler", &f));
    assert_int_equal(curve_keys_read_own(w->rig.folder, "scheduler", first, &f), 1);
    bus_rig_path(&w->rig, "scheduler.key", key);
    assert_int_equal(stat(key, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
    bus_rig_path(&w->rig, "scheduler.pub", pub);
    assert_int_equal(unlink(pub), 0);
    assert_true(bus_make_keys(w->rig.folder, "scheduler", &f)); /* makes what is missing */
    assert_int_equal(access(pub, R_OK), 0);
    assert_int_equal(curve_keys_read_own(w->rig.folder, "scheduler", again, &f), 1);
    assert_string_equal(first[0].secret, again[0].secret);
    assert_int_equal(unlink(key), 0);
    assert_false(bus_make_keys(w->rig.folder, "scheduler", &f));
    assert_int_equal(f.code, FAULT_CONFLICT);
}

static void bad_key_files_are_refused(void **state)
{
    static const char *const texts[] = { "", "short", "0123456789012345678901234567890123456789012",
                                         "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~" };
    struct world *w = *state;
    struct key_pair pair[KEYS_EACH];
    char key[RIG_PATH_SIZE];
    struct fault f;

    bus_rig_path(&w->rig, "notifier.key", key);
    assert_int_equal(chmod(key, 0644), 0);
    assert_int_equal(curve_keys_read_own(w->rig.folder, "notifier", pair, &f), 0);
    assert_non_null(strstr(f.detail, "everybody may use: chmod 600"));
    assert_int_equal(chmod(key, 0600), 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(key, "we");
        fputs(texts[i], file);
        fclose(file);
        assert_int_equal(curve_keys_read_own(w->rig.folder, "notifier", pair, &f), 0);
        assert_string_equal(f.field, "keys");
    }
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(server_changes_its_key),
        WORLD_TEST(client_changes_its_key),
        WORLD_TEST(server_does_not_know_the_new_key_yet),
        WORLD_TEST(both_change_their_keys),
        WORLD_TEST(keys_are_made_once),
        WORLD_TEST(bad_key_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
