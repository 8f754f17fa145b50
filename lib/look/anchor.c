#include "look/anchor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* More are counted as so many; of a key its beginning is enough. */
enum { KEYS_MAX = 16, KEY_SIZE = 128, LINE_SIZE = 4096, FIELDS_MAX = 24 };

struct keys {
    char key[KEYS_MAX][KEY_SIZE];
    size_t count;
};

struct line {
    char text[LINE_SIZE]; /* cut into its fields */
    char *fields[FIELDS_MAX];
    size_t count;
};

/* ---- what is validated with */

/* RFC 8624 3.1: RSASHA256, RSASHA512, ECDSAP256SHA256, ECDSAP384SHA384, ED25519, ED448. */
static bool algorithm_is_known(const char *number)
{
    static const char *const known[] = { "8", "10", "13", "14", "15", "16" };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(number, known[i]) == 0)
            return true;
    return false;
}

/* RFC 8624 3.3: SHA-256 and SHA-384. RFC 4034 section 5.1: tag, algorithm, digest type, digest. */
static bool ds_is_usable(char *const *rdata)
{
    return algorithm_is_known(rdata[1]) &&
           (strcmp(rdata[2], "2") == 0 || strcmp(rdata[2], "4") == 0);
}

/* RFC 4034 section 2.1: flags, protocol, algorithm, key. 257: a zone key that signs keys, not revoked. */
static bool dnskey_is_usable(char *const *rdata)
{
    return strcmp(rdata[0], "257") == 0 && strcmp(rdata[1], "3") == 0 &&
           algorithm_is_known(rdata[2]);
}

static const struct type {
    const char *name;
    bool (*usable)(char *const *rdata);
    int key; /* the field that tells keys apart */
} types[] = { { "DS", ds_is_usable, 0 }, { "DNSKEY", dnskey_is_usable, 3 } };

enum { RDATA_FIELDS = 4 };

/* ---- a line */

static void line_cut(struct line *l, const char *text)
{
    char *rest = NULL, *field;

    l->count = 0;
    snprintf(l->text, sizeof l->text, "%s", text);
    l->text[strcspn(l->text, ";")] = '\0';
    field = strtok_r(l->text, " \t\r\n", &rest);
    for (; field && l->count < FIELDS_MAX; field = strtok_r(NULL, " \t\r\n", &rest))
        l->fields[l->count++] = field;
}

static const struct type *type_of(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcasecmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

/* Behind the name: "3600 IN DS ...", in any order of the first two, which may be left out. NULL: it is no
 * such record. */
static const struct type *line_type(const struct line *l, char *const **rdata)
{
    size_t i = 1;
    int64_t ttl;

    while (i < l->count && i < 3 &&
           (strcasecmp(l->fields[i], "IN") == 0 || int64_read(l->fields[i], &ttl)))
        i++;
    *rdata = &l->fields[i + 1];
    return i + RDATA_FIELDS < l->count && l->count < FIELDS_MAX ? type_of(l->fields[i]) : NULL;
}

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

/* ---- the file */

struct reading {
    const char *path;
    bool (*take)(void *context, const char *record);
    void *context;
    struct keys keys;
    int number; /* of the line */
};

/* The library's own reader of records sees one form of each, whatever the file looks like. */
static bool record_give(const struct reading *r, const struct type *type, char *const *rdata,
                        const struct line *l, struct fault *f)
{
    char record[LINE_SIZE + 64];
    size_t at = (size_t)snprintf(record, sizeof record, ". IN %s", type->name);

    for (char *const *field = rdata; field < l->fields + l->count; field++)
        at += (size_t)snprintf(record + at, sizeof record - at, " %s", *field);
    return !r->take || r->take(r->context, record) ||
           fault_set(f, FAULT_INTERNAL, NULL, "trust anchor %s, line %d: it was not taken", r->path,
                     r->number);
}

static bool line_read(struct reading *r, const char *text, bool whole, struct fault *f)
{
    struct line l;
    char *const *rdata;
    const struct type *type;

    line_cut(&l, text);
    if (l.count == 0)
        return true;
    if (strcmp(l.fields[0], ".") != 0)
        return fault_set(f, FAULT_INTERNAL, NULL,
                         "trust anchor %s, line %d: only keys of the root (.) are trusted", r->path,
                         r->number);
    type = whole ? line_type(&l, &rdata) : NULL;
    if (!type)
        return fault_set(f, FAULT_INTERNAL, NULL,
                         "trust anchor %s, line %d: is no whole record of DS or DNSKEY", r->path,
                         r->number);
    if (!type->usable(rdata))
        return true;
    keys_add(&r->keys, rdata[type->key]);
    return record_give(r, type, rdata, &l, f);
}

static bool lines_read(struct reading *r, FILE *file, struct fault *f)
{
    char text[LINE_SIZE];

    for (; fgets(text, sizeof text, file); r->number++)
        if (!line_read(r, text, strchr(text, '\n') || feof(file), f))
            return false;
    return r->keys.count > 0 ||
           fault_set(f, FAULT_INTERNAL, NULL,
                     "trust anchor %s: no DS or DNSKEY of the root that can be "
                     "validated with",
                     r->path);
}

size_t anchor_read(const char *path, bool (*take)(void *context, const char *record), void *context,
                   struct fault *f)
{
    struct reading r = { .path = path, .take = take, .context = context, .number = 1 };
    FILE *file = fopen(path, "re");
    bool good;

    if (!file) {
        fault_set(f, FAULT_INTERNAL, NULL, "trust anchor %s: %s", path, strerror(errno));
        return 0;
    }
    good = lines_read(&r, file, f);
    fclose(file);
    return good ? r.keys.count : 0;
}
