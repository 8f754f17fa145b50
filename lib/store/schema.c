#include "store/schema.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

AUTO_FREE(FILE, fclose);

/* NULL is a fault. */
static char *file_read(struct arena *a, const char *path, struct fault *f)
{
    AUTO(FILE) file = fopen(path, "re");
    char block[8192];
    struct text text;
    size_t size;

    if (!file) {
        fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", path, strerror(errno));
        return NULL;
    }
    text_init(&text, a);
    while ((size = fread(block, 1, sizeof block, file)) > 0)
        text_add_bytes(&text, block, size);
    if (!ferror(file) && strlen(text.data) == text.length)
        return text.data;
    fault_set(f, FAULT_INTERNAL, NULL, "%s: cannot be read or is no text", path);
    return NULL;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), wanted = strlen(end);

    return length > wanted && strcmp(name + length - wanted, end) == 0;
}

static int is_function(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && ends_with(entry->d_name, ".sql");
}

static int is_migration(const struct dirent *entry)
{
    const char *name = entry->d_name;

    for (int i = 0; i < 4; i++)
        if (!isdigit((unsigned char)name[i]))
            return 0;
    return name[4] == '_' && name[5] != '.' && ends_with(name, ".sql");
}

static void hash(struct bytes in, char out[SCHEMA_HASH_SIZE])
{
    uint8_t sum[SHA256_SIZE];

    digest_sha256(in, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* NNNN_index.concurrent.sql */
static char *index_of(struct arena *a, const char *name)
{
    static const char end[] = ".concurrent.sql";

    return ends_with(name, end) ? arena_strndup(a, name + 5, strlen(name) - 5 - (sizeof end - 1))
                                : NULL;
}

static bool schema_file_read(struct arena *a, const char *folder, const char *name,
                             struct schema_file *out, struct fault *f)
{
    char *text = file_read(a, arena_format(a, "%s/%s", folder, name), f);

    if (!text)
        return false;
    *out = (struct schema_file){ .name = arena_strdup(a, name), .text = text };
    hash(BYTES_OF(text), out->sha256);
    return true;
}

static bool folder_read(struct arena *a, const char *folder, int (*is_one)(const struct dirent *),
                        struct schema_file **files, int *files_count, struct fault *f)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_one, alphasort);
    bool ok = count > 0 || fault_set(f, FAULT_INTERNAL, NULL, "no schema in %s", folder);

    *files = arena_array(a, struct schema_file, count > 0 ? (size_t)count : 1);
    *files_count = 0;
    for (int i = 0; i < count; i++) {
        ok = ok && schema_file_read(a, folder, entries[i]->d_name, &(*files)[(*files_count)++], f);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

/* "functions" in the place of the last word of the path. */
static const char *functions_of(struct arena *a, const char *migrations)
{
    size_t length = strlen(migrations);

    while (length > 1 && migrations[length - 1] == '/')
        length--;
    while (length > 0 && migrations[length - 1] != '/')
        length--;
    return arena_format(a, "%.*sfunctions", (int)length, migrations);
}

static bool migrations_number(struct schema *s, struct fault *f)
{
    for (int i = 0; i < s->migration_count; i++) {
        struct schema_file *m = &s->migrations[i];

        m->number = (int)strtol(m->name, NULL, 10);
        m->index = index_of(&s->arena, m->name);
        if (i > 0 && m->number <= m[-1].number)
            return fault_set(f, FAULT_INTERNAL, NULL, "two migrations have number %d", m->number);
    }
    return true;
}

static void list_hash(struct arena *a, const struct schema_file *files, int count, const char *more,
                      char out[SCHEMA_HASH_SIZE])
{
    struct text all;

    text_init(&all, a);
    for (int i = 0; i < count; i++)
        text_format(&all, "%s %s\n", files[i].name, files[i].sha256);
    text_add(&all, more);
    hash((struct bytes){ (const uint8_t *)all.data, all.length }, out);
}

bool schema_read(struct schema *out, const char *migrations, struct fault *f)
{
    *out = (struct schema){ 0 };
    arena_init(&out->arena);
    if (!folder_read(&out->arena, migrations, is_migration, &out->migrations, &out->migration_count,
                     f) ||
        !migrations_number(out, f) ||
        !folder_read(&out->arena, functions_of(&out->arena, migrations), is_function,
                     &out->functions, &out->function_count, f))
        return false;
    list_hash(&out->arena, out->functions, out->function_count, "", out->functions_sha256);
    return true;
}

void schema_free(struct schema *s)
{
    arena_free(&s->arena);
}

void schema_fingerprint(struct schema *s, char out[SCHEMA_HASH_SIZE])
{
    list_hash(&s->arena, s->migrations, s->migration_count, s->functions_sha256, out);
}
