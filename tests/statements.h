/* statements - what the tests of all statements share. */
#ifndef TESTS_STATEMENTS_H
#define TESTS_STATEMENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "store/store.h"
#include "testing/database.h"
#include "testing/patience.h"

#define SHARED static __attribute__((unused))

/* Made by tools/sqllist.awk; NULL at the end. */
extern const struct sql *const all_sql[];

AUTO_FREE(FILE, fclose);

static struct arena arena;
static struct database *database;
static int faults;

SHARED void complain(const char *where, const char *what, const char *detail)
{
    print_error("%s: %s: %s\n", where, what, detail);
    faults++;
}

SHARED const struct sql *statement(const char *name)
{
    for (int i = 0; all_sql[i]; i++)
        if (strcmp(all_sql[i]->name, name) == 0)
            return all_sql[i];
    fail_msg("there is no statement %s", name);
    return NULL;
}

SHARED int start(void **state)
{
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    return 0;
}

SHARED int stop(void **state)
{
    (void)state;
    database_free(database);
    arena_free(&arena);
    return 0;
}

SHARED char *file_text(const char *path)
{
    AUTO(FILE) file = fopen(path, "re");
    struct text t;
    char line[4096];

    if (!file)
        fail_msg("%s cannot be read (run from the top of the tree)", path);
    text_init(&t, &arena);
    while (fgets(line, sizeof line, file))
        text_add(&t, line);
    return t.data;
}

#endif
