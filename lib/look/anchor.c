#include "look/anchor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* More are counted as so many; of a key its beginning is enough. */
enum { KEYS_MAX = 16, KEY_SIZE = 128 };

/* A DS names its key by the tag (RFC 4034 section 5.1), a DNSKEY is it: behind flags, protocol and
 * algorithm (section 2.2). */
static const struct {
    const char *type;
    int before; /* fields between the type and the key */
} types[] = { { "DS", 0 }, { "DNSKEY", 3 } };

static const char *field_next(char **rest)
{
    return strtok_r(NULL, " \t\r\n", rest);
}

static const char *key_after(int before, char **rest)
{
    const char *field = field_next(rest);

    while (field && before-- > 0)
        field = field_next(rest);
    return field;
}

/* NULL: the line is no record of a key of the root. */
static const char *line_key(char *line)
{
    char *rest = NULL;
    const char *field;

    line[strcspn(line, ";")] = '\0';
    field = strtok_r(line, " \t\r\n", &rest);
    if (!field || strcmp(field, ".") != 0)
        return NULL;
    while ((field = field_next(&rest)))
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (strcasecmp(field, types[i].type) == 0)
                return key_after(types[i].before, &rest);
    return NULL;
}

struct keys {
    char key[KEYS_MAX][KEY_SIZE];
    size_t count;
};

static void keys_add(struct keys *k, const char *key)
{
    char *fresh = k->key[k->count < KEYS_MAX ? k->count : KEYS_MAX - 1];

    snprintf(fresh, KEY_SIZE, "%s", key);
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->key[i], fresh) == 0)
            return;
    if (k->count < KEYS_MAX)
        k->count++;
}

size_t anchor_keys(const char *path, struct fault *f)
{
    struct keys keys = { .count = 0 };
    FILE *file = fopen(path, "re");
    char line[4096];
    const char *key;

    if (!file) {
        fault_set(f, FAULT_INTERNAL, NULL, "trust anchor %s: %s", path, strerror(errno));
        return 0;
    }
    while (fgets(line, sizeof line, file))
        if ((key = line_key(line)))
            keys_add(&keys, key);
    fclose(file);
    if (keys.count == 0)
        fault_set(f, FAULT_INTERNAL, NULL, "trust anchor %s: no DS or DNSKEY of the root", path);
    return keys.count;
}
