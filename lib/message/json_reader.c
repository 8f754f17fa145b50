/* What every reading does: notes, keys, and what is passed over. */
#include "message/json_reader.h"

#include <string.h>

#include "message/json.h"

void reader_note(struct reader *r, enum fault_code code, const struct place *place, const char *why)
{
    char path[sizeof r->fault->field];

    if (r->noted)
        return;
    r->noted = true;
    place_text(place, path, sizeof path);
    fault_set(r->fault, code, path, "%s", why);
}

static bool stray_is_known(const struct json_strays *s, const ProtobufCMessageDescriptor *within,
                           const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].within == within && strcmp(s->all[i].path + s->all[i].outer, name) == 0)
            return true;
    return false;
}

/* A list of a thousand objects with the same mistake is one. */
void reader_stray(struct reader *r, const ProtobufCMessageDescriptor *within, const char *name,
                  const struct place *outer)
{
    struct json_strays *s = r->strays;
    const struct place here = { .outer = outer, .name = name };

    if (!s || s->count == JSON_STRAYS_MAX || stray_is_known(s, within, name))
        return;
    struct json_stray *stray = &s->all[s->count++];
    place_text(outer, stray->path, sizeof stray->path);
    size_t length = strlen(stray->path);
    stray->outer = length + (outer && length + 1 < sizeof stray->path);
    place_text(&here, stray->path, sizeof stray->path);
    stray->within = within;
}

bool reader_refuse(struct reader *r, const char *why)
{
    r->why = why;
    return false;
}

bool reader_enter(struct reader *r)
{
    return ++r->depth <= JSON_DEPTH_MAX || reader_refuse(r, "is nested too deeply");
}

bool reader_scalar(struct reader *r, struct token *out, const struct place *place)
{
    if (!lexer_scalar(&r->lexer, out))
        return false;
    if (out->has_nul)
        reader_note(r, FAULT_INVALID, place, "must not hold a NUL character");
    return true;
}

/* A key and the colon after it. */
bool reader_key(struct reader *r, struct token *key, const struct place *place)
{
    lexer_space(&r->lexer);
    if (*r->lexer.at != '"' || !reader_scalar(r, key, place) || !lexer_take(&r->lexer, ':'))
        return false;
    lexer_space(&r->lexer);
    return true;
}

/* After a value: true with `*more` false at `close`, with `*more` true at a comma. */
bool reader_next(struct reader *r, char close, bool *more)
{
    if (lexer_take(&r->lexer, ',')) {
        *more = true;
        return true;
    }
    *more = false;
    return lexer_take(&r->lexer, close);
}

static bool skip_object(struct reader *r, const struct place *place)
{
    size_t mark = members_seen_mark(&r->members_seen);
    bool more = !lexer_take(&r->lexer, '}');
    struct token key;

    for (unsigned count = 0; more; count++) {
        if (!reader_key(r, &key, place))
            return false;
        if (count == JSON_MEMBERS_MAX)
            return reader_refuse(r, "has an object with too many members");
        if (!members_seen_add(&r->members_seen, mark, key.text, key.length))
            return reader_refuse(r, "has a member twice");
        if (!reader_skip(r, place) || !reader_next(r, '}', &more))
            return false;
    }
    members_seen_release(&r->members_seen, mark);
    return true;
}

static bool skip_list(struct reader *r, const struct place *place)
{
    bool more = !lexer_take(&r->lexer, ']');

    for (unsigned count = 0; more; count++) {
        if (count == JSON_ITEMS_MAX)
            return reader_refuse(r, "has a list that is too long");
        lexer_space(&r->lexer);
        if (!reader_skip(r, place) || !reader_next(r, ']', &more))
            return false;
    }
    return true;
}

bool reader_skip(struct reader *r, const struct place *place)
{
    struct token token;
    char c = *r->lexer.at;

    if (c != '{' && c != '[')
        return reader_scalar(r, &token, place);
    r->lexer.at++;
    bool ok = reader_enter(r) && (c == '{' ? skip_object(r, place) : skip_list(r, place));
    r->depth--;
    return ok;
}
