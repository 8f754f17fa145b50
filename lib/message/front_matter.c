#include "message/front_matter.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "message/field.h"
#include "message/json.h"

struct reader {
    struct arena *arena;
    const char *next, *end;
    int line; /* of what was taken last */
    ProtobufCMessage *message;
    struct front_matter *out;
    struct fault *fault;
};

static bool refuse(struct reader *r, const char *what)
{
    r->out->line = r->line;
    return fault_set(r->fault, FAULT_INVALID, NULL, "%s", what);
}

/* Of the whole file: texts are C strings from here on, and what is shown of them moves no cursor. */
static bool is_text(struct reader *r)
{
    if ((size_t)(r->end - r->next) > FRONT_MATTER_SIZE_MAX)
        return refuse(r, "is more than a megabyte");
    for (const char *at = r->next; at < r->end;) {
        size_t size = utf8_length(at, (size_t)(r->end - at));
        if (size == 0)
            return refuse(r, "is no UTF-8");
        /* A C1 control has two bytes, and both are there. */
        bool control = (unsigned char)*at < 0x80 ? (unsigned char)*at < ' ' || *at == 0x7f
                                                 : size == 2 && utf8_control(at) >= 0;
        if (control && *at != '\n' && *at != '\t')
            return refuse(r, *at == '\r' ? "ends with CR LF: lines end with LF alone"
                                         : "has a control character");
        r->line += *at == '\n';
        at += size;
    }
    return true;
}

/* The next line, without its end. False: there is none. */
static bool line_take(struct reader *r, struct bytes *out)
{
    if (r->next == r->end)
        return false;
    const char *stop = memchr(r->next, '\n', (size_t)(r->end - r->next));
    size_t length = (size_t)((stop ? stop : r->end) - r->next);
    *out = (struct bytes){ (const uint8_t *)r->next, length };
    r->next += length + (stop != NULL);
    r->line++;
    return true;
}

static bool is_mark(struct bytes line)
{
    return bytes_equal(line, BYTES_OF("---"));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *trimmed(struct arena *a, const char *from, size_t length)
{
    for (; length && is_blank(*from); length--)
        from++;
    while (length && is_blank(from[length - 1]))
        length--;
    return arena_strndup(a, from, length);
}

static bool set(struct reader *r, const ProtobufCFieldDescriptor *field, const char *value)
{
    static const char yaml[] = "\"'[]{}>|&*!%@`#";
    struct fault ignored = { 0 };
    if (!*value)
        return refuse(r, "says nothing");
    if (strchr(yaml, *value))
        return refuse(r, "is written as in YAML: texts stand as they are, without quotes, lists "
                         "with commas between");
    return message_set_text(r->arena, r->message, field->name, value, &ignored) ||
           refuse(r, "does not fit, or is one too many");
}

static bool items_set(struct reader *r, const ProtobufCFieldDescriptor *field, const char *value)
{
    for (;; value++) {
        size_t length = strcspn(value, ",");
        if (!set(r, field, trimmed(r->arena, value, length)))
            return false;
        value += length;
        if (!*value)
            return true;
    }
}

/* NULL: no line may say it. */
static const ProtobufCFieldDescriptor *member_of(const struct reader *r, const char *name)
{
    const ProtobufCFieldDescriptor *field = field_find(r->message->descriptor, name);
    return field && field->type == PROTOBUF_C_TYPE_STRING && !field_is_set(r->message, field)
               ? field
               : NULL;
}

static bool member_read(struct reader *r, struct bytes line)
{
    const char *text = (const char *)line.data;
    const char *colon = line.size ? memchr(text, ':', line.size) : NULL;
    if (!colon)
        return refuse(r, "is no \"name: value\", and no \"---\"");
    const ProtobufCFieldDescriptor *field =
        member_of(r, arena_strndup(r->arena, text, (size_t)(colon - text)));
    if (!field)
        return refuse(r, "has an unknown name, or says one again");
    r->out->lines[field - r->message->descriptor->fields] = r->line;
    const char *value = trimmed(r->arena, colon + 1, line.size - (size_t)(colon + 1 - text));
    return field->label == PROTOBUF_C_LABEL_REPEATED ? items_set(r, field, value)
                                                     : set(r, field, value);
}

bool front_matter_read(struct arena *a, struct bytes file, ProtobufCMessage *m,
                       struct front_matter *out, struct fault *f)
{
    const char *text = (const char *)file.data;
    struct reader r = { a, text, text + file.size, 1, m, out, f };
    struct bytes line;
    assert(m->descriptor->n_fields <= FRONT_MATTER_MEMBERS_MAX);
    *out = (struct front_matter){ .line = 1 };
    if (!is_text(&r))
        return false;
    r.line = 0;
    if (!line_take(&r, &line) || !is_mark(line)) {
        r.line = 1;
        return refuse(&r, "must be \"---\": what the text is stands before it");
    }
    while (line_take(&r, &line)) {
        if (is_mark(line)) {
            out->text = (struct bytes){ (const uint8_t *)r.next, (size_t)(r.end - r.next) };
            out->line = r.line + 1;
            return true;
        }
        if (!member_read(&r, line))
            return false;
    }
    return refuse(&r, "is the last: \"---\" must end what the text is");
}
