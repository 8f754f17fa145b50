#include "pki/weak_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pki/weak_list.h"

/* Lists are read once in a process, so that each case is a process of its own, with a folder of
 * copies of which one is spoilt. */
static char folder[] = "/tmp/weak-keys-XXXXXX";

static void copy_lists(void)
{
    char command[200];

    snprintf(command, sizeof command, "cp policy/weak-keys/*.list %s", folder);
    assert_int_equal(system(command), 0);
}

static FILE *open_list(const char *name, const char *mode)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s.list", folder, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

static void flip_at(long at)
{
    FILE *file = open_list("p-256", "r+b");

    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    fputc(byte ^ 1, file);
    assert_int_equal(fclose(file), 0);
}

static void leave_alone(void)
{
}

static void remove_one(void)
{
    char path[200];

    snprintf(path, sizeof path, "%s/p-256.list", folder);
    assert_int_equal(unlink(path), 0);
}

static void empty_one(void)
{
    assert_int_equal(fclose(open_list("p-256", "wb")), 0);
}

static void cut_one(void)
{
    FILE *file = open_list("p-256", "r+b");

    assert_int_equal(ftruncate(fileno(file), 100000), 0);
    fclose(file);
}

static void exchange_two(void)
{
    char command[200];

    snprintf(command, sizeof command, "cp %s/p-384.list %s/p-256.list", folder, folder);
    assert_int_equal(system(command), 0);
}

static void spoil_count(void)
{
    flip_at((long)strlen(WEAK_LIST_TITLE "p-256 "));
}

static void spoil_start(void)
{
    flip_at(WEAK_LIST_HEAD + 4 * 1000);
}

static void spoil_key(void)
{
    flip_at(WEAK_LIST_HEAD + WEAK_LIST_STARTS + 5000);
}

/* A key of the list; its answer is the exit status, 10 more where the lists are not ready. */
static int ask(const char *expected)
{
    static const uint8_t point[65] =
        "\x04\xf9\xd2\x82\x43\x46\x87\xb7\xa1\x3c\x00\x30\xff\x8f\x51\x68\x17\x40\x7a\x91\xe6\x98"
        "\x08\x13\xaf\x4a\xdd\x47\xa4\x6c\x68\x51\x14";
    const struct key key = { .type = KEY_EC, .bits = 256, .public_key = { point, sizeof point } };
    struct fault f = { .code = FAULT_NONE }, refusal = { .code = FAULT_NONE };

    weak_keys_folder(folder);
    enum weak_keys_answer answer = weak_keys_find(&key);
    bool ready = weak_keys_ready(&f),
         named = ready || (f.code == FAULT_UNAVAILABLE && strstr(f.detail, folder) &&
                           strstr(f.detail, expected));
    bool checked = key_check(&key, &refusal, "csr");
    if (!named || checked || refusal.code != (ready ? FAULT_CSR : FAULT_UNAVAILABLE))
        return 100;
    return (int)answer + (ready ? 0 : 10);
}

static int in_child(const char *expected)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(ask(expected));
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void only_whole_lists_are_believed(void **state)
{
    static const struct {
        void (*spoil)(void);
        const char *says;
        int status;
    } cases[] = {
        { leave_alone, "", WEAK_KEYS_LISTED },
        { remove_one, "No such file", 10 + WEAK_KEYS_UNREAD },
        { empty_one, "it is empty", 10 + WEAK_KEYS_UNREAD },
        { cut_one, "no whole list", 10 + WEAK_KEYS_UNREAD },
        { exchange_two, "no whole list", 10 + WEAK_KEYS_UNREAD },
        { spoil_count, "no whole list", 10 + WEAK_KEYS_UNREAD },
        { spoil_start, "no whole list", 10 + WEAK_KEYS_UNREAD },
        { spoil_key, "no whole list", 10 + WEAK_KEYS_UNREAD },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        copy_lists();
        cases[i].spoil();
        if (in_child(cases[i].says) != cases[i].status)
            fail_msg("case %zu", i);
    }
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : 1;
}

static int teardown(void **state)
{
    char command[200];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(only_whole_lists_are_believed) };

    return cmocka_run_group_tests(tests, setup, teardown);
}
