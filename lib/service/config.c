#include "service/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret_file.h"

#define PREFIX "CHANCERY_"
enum { SETTING_FILE_MAX = 64 * 1024 };

static bool text_parse(const char *text, void *into)
{
    *(const char **)into = text;
    return true;
}

static bool secret_parse(const char *text, void *into)
{
    ((struct secret *)into)->text = text;
    return true;
}

static bool int_parse(const char *text, void *into)
{
    int64_t n;
    if (!int64_read(text, &n) || n < INT_MIN || n > INT_MAX)
        return false;
    *(int *)into = (int)n;
    return true;
}

static bool bool_parse(const char *text, void *into)
{
    static const char *const words[][2] = {
        { "no", "yes" }, { "false", "true" }, { "0", "1" }, { "off", "on" }
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (int value = 0; value < 2; value++) {
            if (strcmp(text, words[i][value]) == 0) {
                *(bool *)into = value;
                return true;
            }
        }
    }
    return false;
}

static bool duration_parse(const char *text, void *into)
{
    return duration_read(text, into);
}

static bool int_within(const void *value, const char *least, const char *most)
{
    int64_t low = INT_MIN, high = INT_MAX;
    int n = *(const int *)value;
    return (!least || int64_read(least, &low)) && (!most || int64_read(most, &high)) && n >= low &&
           n <= high;
}

static bool duration_within(const void *value, const char *least, const char *most)
{
    struct duration low = { INT64_MIN }, high = { INT64_MAX };
    int64_t us = ((const struct duration *)value)->us;
    return (!least || duration_read(least, &low)) && (!most || duration_read(most, &high)) &&
           us >= low.us && us <= high.us;
}

static const struct {
    const char *name, *form;
    bool (*parse)(const char *text, void *into);
    bool (*within)(const void *value, const char *least, const char *most);
} types[] = {
    [CONFIG_TEXT] = { "text", "text", text_parse, NULL },
    [CONFIG_INT] = { "number", "a whole number", int_parse, int_within },
    [CONFIG_BOOL] = { "yes or no", "yes or no", bool_parse, NULL },
    [CONFIG_DURATION] = { "duration", "a duration like 30s, 15m or 7d", duration_parse,
                          duration_within },
    [CONFIG_SECRET] = { "secret", "text", secret_parse, NULL },
};

/* Never the value itself: it may be a secret. */
static bool refuse(struct text *bad, const char *name, const char *why, const char *help)
{
    text_format(bad, PREFIX "%s %s (%s)\n", name, why, help);
    return false;
}

static const char *variable(struct arena *a, const char *name, const char *suffix)
{
    const char *value = getenv(arena_format(a, PREFIX "%s%s", name, suffix));
    return value && *value ? value : NULL;
}

static char *trimmed(struct arena *a, const char *data, size_t size)
{
    static const char space[] = " \t\r\n";
    while (size && memchr(space, data[size - 1], sizeof space - 1))
        size--;
    while (size && memchr(space, *data, sizeof space - 1))
        data++, size--;
    return memchr(data, 0, size) ? NULL : arena_strndup(a, data, size);
}

/* NULL, and `why` says what is wrong with the file. */
static const char *read_text(struct arena *a, int fd, const char **why)
{
    char *data = arena_alloc(a, SETTING_FILE_MAX);
    size_t size = 0;
    ssize_t got = 1;
    while (size < SETTING_FILE_MAX && got > 0) {
        got = read(fd, data + size, SETTING_FILE_MAX - size);
        size += got > 0 ? (size_t)got : 0;
    }
    *why = got < 0 ? strerrordesc_np(errno) : got > 0 ? "it is too large" : "it is no text";
    return got == 0 ? trimmed(a, data, size) : NULL;
}

static bool file_text(const struct config_item *item, const char *path, struct arena *a,
                      const char **out, struct text *bad)
{
    struct fault f;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const char *why = fd < 0 ? strerrordesc_np(errno) : "";
    bool kept = fd < 0 || item->type != CONFIG_SECRET || secret_file_guarded(fd, path, NULL, &f);
    *out = fd < 0 ? NULL : read_text(a, fd, &why);
    if (fd >= 0)
        close(fd);
    if (!kept)
        return refuse(bad, item->name, arena_format(a, "is refused: %s", f.detail), item->help);
    return *out ||
           refuse(bad, item->name,
                  arena_format(a, "cannot be read from its _FILE, %s: %s", path, why), item->help);
}

/* The text of a setting: from its variable, from its file, or the fallback. */
static bool item_text(const struct config_item *item, struct arena *a, const char **out,
                      struct text *bad)
{
    const char *value = variable(a, item->name, ""), *file = variable(a, item->name, "_FILE");
    if (value && file)
        return refuse(bad, item->name, "is set twice, as a value and as _FILE", item->help);
    if (file)
        return file_text(item, file, a, out, bad);
    *out = value ? arena_strdup(a, value) : item->fallback;
    return *out || refuse(bad, item->name, "must be set", item->help);
}

/* Texts and secrets alone can be empty. */
static bool is_empty(const struct config_item *item, const void *into)
{
    const void *member = (const char *)into + item->offset;
    const char *text = item->type == CONFIG_SECRET ? ((const struct secret *)member)->text
                       : item->type == CONFIG_TEXT ? *(const char *const *)member
                                                   : NULL;
    return text && !*text;
}

void config_without(const struct config_table *tables, struct text *out)
{
    for (const struct config_table *t = tables; t->items; t++)
        for (const struct config_item *item = t->items; item->name; item++)
            if (item->without && is_empty(item, t->into))
                text_format(out, PREFIX "%s is not set: %s\n", item->name, item->without);
}

static const char *range_text(const struct config_item *item, struct arena *a)
{
    if (item->least && item->most)
        return arena_format(a, "from %s to %s", item->least, item->most);
    return item->least  ? arena_format(a, "at least %s", item->least)
           : item->most ? arena_format(a, "at most %s", item->most)
                        : "";
}

static bool item_load(const struct config_item *item, void *into, struct arena *a, struct text *bad)
{
    const char *text;
    void *member = (char *)into + item->offset;
    if (!item_text(item, a, &text, bad))
        return false;
    if (!types[item->type].parse(text, member))
        return refuse(bad, item->name, arena_format(a, "must be %s", types[item->type].form),
                      item->help);
    if (types[item->type].within && !types[item->type].within(member, item->least, item->most))
        return refuse(bad, item->name, arena_format(a, "must be %s", range_text(item, a)),
                      item->help);
    if (item->check && !item->check->good(text))
        return refuse(bad, item->name, arena_format(a, "must be %s", item->check->form),
                      item->help);
    return true;
}

static bool is_setting(const struct config_table *tables, const char *name, size_t length)
{
    for (; tables->items; tables++) {
        for (const struct config_item *item = tables->items; item->name; item++) {
            size_t own = strlen(item->name);
            bool file = length == own + 5 && memcmp(name + own, "_FILE", 5) == 0;
            if ((length == own || file) && memcmp(name, item->name, own) == 0)
                return true;
        }
    }
    return false;
}

/* Kubernetes sets CHANCERY_GATEWAY_SERVICE_HOST, _SERVICE_PORT..., _PORT and _PORT_8080_TCP... for
 * a service called chancery-gateway ("Service environment variables"); they are nobody's mistake.
 */
static bool is_foreign(const char *entry)
{
    const char *value = strchr(entry, '=');
    const char *port = strstr(entry, "_PORT=");
    return strncmp(entry, "TEST_", 5) == 0 ||
           memmem(entry, (size_t)(value - entry), "_SERVICE_", 9) ||
           (port && port < value && strncmp(value + 1, "tcp://", 6) == 0) ||
           memmem(entry, (size_t)(value - entry), "_TCP", 4);
}

static void find_unknown(const struct config_table *tables, struct text *unknown)
{
    for (char **entry = environ; entry && *entry; entry++) {
        const char *name = *entry + sizeof PREFIX - 1;
        if (strncmp(*entry, PREFIX, sizeof PREFIX - 1) != 0 || !strchr(name, '='))
            continue;
        size_t length = strcspn(name, "=");
        if (!is_setting(tables, name, length) && !is_foreign(name))
            text_format(unknown, PREFIX "%.*s is no setting of this service\n", (int)length, name);
    }
}

bool config_load(const struct config_table *tables, struct arena *a, struct text *bad,
                 struct text *unknown)
{
    bool good = true;
    for (const struct config_table *t = tables; t->items; t++)
        for (const struct config_item *item = t->items; item->name && !t->spare; item++)
            good &= item_load(item, t->into, a, bad);
    find_unknown(tables, unknown);
    return good;
}

static void item_help(const struct config_item *item, bool markdown, struct text *out)
{
    const char *range = item->check ? item->check->form : range_text(item, out->arena);
    const char *type = types[item->type].name;
    const char *fallback = item->fallback ? item->fallback : "must be set";
    if (markdown)
        text_format(out, "| `" PREFIX "%s` | %s%s%s | %s%s%s | %s |\n", item->name, type,
                    *range ? ", " : "", range, item->fallback && *fallback ? "`" : "", fallback,
                    item->fallback && *fallback ? "`" : "", item->help);
    else
        text_format(out, "  " PREFIX "%s\n      %s\n      %s%s%s; %s%s\n", item->name, item->help,
                    type, *range ? ", " : "", range,
                    !item->fallback ? ""
                    : *fallback     ? "default "
                                    : "default: none",
                    fallback);
}

void config_help(const struct config_table *tables, bool markdown, struct text *out)
{
    if (markdown)
        text_add(out, "| setting | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for (; tables->items; tables++)
        for (const struct config_item *item = tables->items; item->name && !tables->spare; item++)
            item_help(item, markdown, out);
}
