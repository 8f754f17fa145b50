#include "listing.h"

#include "base/clock.h"

enum { SHOWN = 100, MOST = 100000 };

bool listing_limit(const struct command_run *r, int64_t *out, struct fault *f)
{
    const char *limit = command_option(r, "limit");
    *out = SHOWN;
    return !limit || (int64_read(limit, out) && *out >= 1 && *out <= MOST) ||
           fault_set(f, FAULT_INVALID, "--limit", "must be a number from 1 to %d", MOST);
}

bool listing_id(struct command_run *r, const char *name, protobuf_c_boolean *has, int64_t *out,
                struct fault *f)
{
    const char *text = command_option(r, name);
    *has = text != NULL;
    return !text || int64_read(text, out) ||
           fault_set(f, FAULT_INVALID, arena_format(&r->arena, "--%s", name),
                     "must be a number, not \"%s\"", text);
}

void listing_print_one(struct command_run *r, const struct table *t)
{
    struct text out;
    text_init(&out, &r->arena);
    if (command_option(r, "json"))
        table_write_object(t, &out);
    else
        table_write_lines(t, &out);
    fputs(out.data, r->out);
}

void listing_print(struct command_run *r, const struct table *t, const char *none, int64_t limit)
{
    bool json = command_option(r, "json") != NULL;
    struct text out;
    text_init(&out, &r->arena);
    if (json)
        table_write_json(t, &out);
    else if (table_rows(t) == 0)
        text_format(&out, "%s\n", none);
    else
        table_write(t, 0, &out);
    if (!json && limit && table_rows(t) == (size_t)limit)
        text_format(&out, "(the first %lld; --limit shows more)\n", (long long)limit);
    fputs(out.data, r->out);
}

const char *listing_number(struct arena *a, int64_t number)
{
    return arena_format(a, "%lld", (long long)number);
}

const char *listing_time(struct arena *a, const Instant *at)
{
    char text[INSTANT_TEXT_SIZE];
    return at ? arena_strdup(a, instant_text((struct instant){ at->us }, text)) : NULL;
}
