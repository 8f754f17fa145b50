#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/secret_file.h"
#include "base/text.h"

enum { FILE_MAX = 4 * 1024 * 1024 };

AUTO_FREE(FILE, fclose);

static bool read_all(struct arena *a, FILE *file, struct text *out)
{
    char block[8192];
    size_t size;
    text_init(out, a);
    while (out->length < FILE_MAX && (size = fread(block, 1, sizeof block, file)) > 0)
        text_add_bytes(out, block, size);
    text_add(out, "");
    return !ferror(file) && out->length < FILE_MAX;
}

static bool read_whole(struct arena *a, FILE *file, const char *path, char **out, struct fault *f)
{
    struct text text;
    bool whole = read_all(a, file, &text);
    *out = text.data;
    return (whole && strlen(text.data) == text.length) ||
           fault_set(f, FAULT_INVALID, path, "is too long or no text");
}

bool file_read(struct arena *a, const char *path, char **out, struct fault *f)
{
    AUTO(FILE) file = fopen(path, "re");
    if (!file)
        return fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerror(errno));
    return read_whole(a, file, path, out, f);
}

bool file_read_bytes(struct arena *a, const char *path, struct bytes *out, struct fault *f)
{
    AUTO(FILE) file = fopen(path, "re");
    if (!file)
        return fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerror(errno));
    struct text text;
    bool whole = read_all(a, file, &text);
    *out = (struct bytes){ (const uint8_t *)text.data, text.length };
    return whole || fault_set(f, FAULT_INVALID, path, "is too long");
}

bool file_read_secret(struct arena *a, const char *path, char **out, struct fault *f)
{
    AUTO(FILE) file = fopen(path, "re");
    if (!file)
        return fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerror(errno));
    return secret_file_guarded(fileno(file), path, NULL, f) && read_whole(a, file, path, out, f);
}

static bool written(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    bool ok = fputs(text, file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && ok;
}

bool file_write(struct arena *a, const char *path, const char *text, struct fault *f)
{
    const char *draft = arena_format(a, "%s.draft", path);
    return (written(draft, text) && rename(draft, path) == 0) ||
           fault_set(f, FAULT_INVALID, path, "cannot be written: %s", strerror(errno));
}

static bool ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name), tail = strlen(ending);
    return length > tail && name[0] != '.' && strcmp(name + length - tail, ending) == 0;
}

bool folder_list(struct arena *a, const char *folder, const char *ending, char ***names,
                 size_t *count, struct fault *f)
{
    struct dirent **entries = NULL;
    int all = scandir(folder, &entries, NULL, alphasort);
    *count = 0;
    if (all < 0)
        return fault_set(f, FAULT_INVALID, folder, "cannot be read: %s", strerror(errno));
    *names = arena_array(a, char *, (size_t)all + 1);
    for (int i = 0; i < all; i++) {
        if (ends_in(entries[i]->d_name, ending))
            (*names)[(*count)++] = arena_strdup(a, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return true;
}
