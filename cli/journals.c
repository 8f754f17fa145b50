#include "journals.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    bool (*take)(void *data, char *line, struct fault *f);
    void *data;
};

static bool unreadable(const char *path, struct fault *f)
{
    return fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerrordesc_np(errno));
}

static bool file_lines(const struct reader *r, FILE *file, const char *path, struct fault *f)
{
    char *line = NULL;
    size_t size = 0;
    bool ok = true;
    while (ok && getline(&line, &size, file) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        ok = r->take(r->data, line, f);
    }
    if (ok && ferror(file))
        ok = unreadable(path, f);
    free(line);
    return ok;
}

static bool aside_lines(const struct reader *r, const char *path, struct fault *f)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return unreadable(path, f);
    bool ok = file_lines(r, file, path, f);
    fclose(file);
    return ok;
}

/* The file is opened before the others are looked for: were it set aside in between, it would be neither
 * among them nor behind its name. */
bool journal_lines(struct arena *a, const char *path,
                   bool (*take)(void *data, char *line, struct fault *f), void *data,
                   struct fault *f)
{
    struct reader r = { take, data };
    glob_t aside = { 0 };
    FILE *file = fopen(path, "re");
    if (!file)
        return unreadable(path, f);
    bool ok = true;
    glob(arena_format(a, "%s.[0-9][0-9][0-9][0-9][0-9][0-9]", path), 0, NULL, &aside);
    for (size_t i = 0; ok && i < aside.gl_pathc; i++)
        ok = aside_lines(&r, aside.gl_pathv[i], f);
    globfree(&aside);
    ok = ok && file_lines(&r, file, path, f);
    fclose(file);
    return ok;
}
