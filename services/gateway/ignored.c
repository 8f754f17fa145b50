#include "ignored.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/text.h"
#include "http_request.h"

/* Of what a client makes up no more than that is sent back. */
enum { NAME_MAX_SHOWN = 64, HEADER_MAX = 1024 };

/* ---- Prefer */

/* Where the preference that begins at `at` ends: at a comma that is in no quotes. */
static size_t preference_length(const char *at)
{
    bool quoted = false;
    const char *end = at;
    for (; *end && (quoted || *end != ','); end++) {
        quoted = quoted != (*end == '"');
        end += quoted && *end == '\\' && end[1];
    }
    return (size_t)(end - at);
}

static bool is_handling(const char *at, const char **value)
{
    at += strspn(at, " \t");
    size_t length = strcspn(at, "=;, \t");
    *value = at + length + strspn(at + length, " \t");
    return length == strlen("handling") && strncasecmp(at, "handling", length) == 0 &&
           **value == '=';
}

/* preference = token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] ) */
static bool says_strict(const char *value)
{
    value += 1 + strspn(value + 1, " \t\"");
    size_t length = strcspn(value, "\";, \t");
    return length == strlen("strict") && strncasecmp(value, "strict", length) == 0;
}

int ignored_is_strict(const char *value)
{
    const char *said;
    for (const char *at = value; *at; at += *at == ',') {
        if (is_handling(at, &said))
            return says_strict(said);
        at += preference_length(at);
    }
    return -1;
}

static bool prefers_strict(const struct call *call)
{
    const struct side *side = call->door;
    int strict = -1;
    for (const struct http_header *h = side->request->headers.first; h && strict < 0; h = h->next)
        if (strcasecmp(h->name, "Prefer") == 0)
            strict = ignored_is_strict(h->value);
    return strict > 0;
}

static bool is_strict(const struct call *call)
{
    const struct side *side = call->door;
    return side->request->match.entry->own || prefers_strict(call);
}

void ignored_begin(struct call *call)
{
    if (prefers_strict(call))
        http_header(call, "Preference-Applied", "handling=strict");
}

/* ---- what is near */

/* How much of a name says what it belongs to: "filters[", "certificate.", "contacts[0].". */
static size_t group_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t length = strcspn(name, "[=");
    if (dot)
        return (size_t)(dot + 1 - name);
    return name[length] ? length + 1 : 0;
}

/* "status" of "filters[status]", "colour" of "sort=colour", "csr" of "certificate.csr"; else all. */
static const char *word_of(const char *name, size_t *length)
{
    const char *word = name + group_of(name);
    *length = strcspn(word, "]");
    return word;
}

static bool same_group(const char *a, const char *b)
{
    size_t length = group_of(a);
    return length == group_of(b) && strncmp(a, b, length) == 0;
}

/* Of two that are as near, the one that belongs to the same. */
static const char *nearest(const struct ignored *what)
{
    size_t length, known_length;
    const char *word = word_of(what->name, &length), *best = NULL;
    int least = NOT_NEAR;
    for (size_t i = 0; i < what->count; i++) {
        const char *known = word_of(what->known[i], &known_length);
        int distance = nearest_distance(word, length, known, known_length);
        bool better = distance < least ||
                      (distance == least && best && same_group(what->known[i], what->name) &&
                       !same_group(best, what->name));
        best = better ? what->known[i] : best;
        least = better ? distance : least;
    }
    return best;
}

/* ---- lenient: the header */

/* A client's own text, in a header: what would not be one there, or part the list, is percent-encoded. */
static void add_name(struct text *out, const char *name)
{
    if (!*name)
        text_add(out, "\"\""); /* a member's name may be empty, an element of a list may not */
    size_t end = out->length + NAME_MAX_SHOWN;
    for (const char *c = name; *c && out->length < end; c++)
        if (*c > ' ' && *c < 0x7f && !strchr(",()%\"", *c))
            text_add_char(out, *c);
        else
            text_format(out, "%%%02X", (unsigned)(unsigned char)*c);
    if (strlen(name) > NAME_MAX_SHOWN)
        text_add(out, "...");
}

static void add_hint(struct text *out, const struct ignored *what)
{
    size_t length;
    const char *known = nearest(what);
    if (!known)
        return;
    const char *word = word_of(known, &length);
    if (same_group(known, what->name))
        text_format(out, " (%.*s?)", (int)length, word);
    else
        text_format(out, " (%s?)", known);
}

static const char *header_of(const struct ignored *what)
{
    return what->header ? what->header : IGNORED_PARAMETERS;
}

static struct http_header *header_find(const struct call *call, const char *name)
{
    const struct side *side = call->door;
    struct http_header *h = side->headers;
    while (h && strcmp(h->name, name) != 0)
        h = h->next;
    return h;
}

static void header_add(struct call *call, const struct ignored *what)
{
    struct http_header *h = header_find(call, header_of(what));
    struct text value;
    if (h && strlen(h->value) > HEADER_MAX)
        return;
    text_init(&value, &call->arena);
    if (h)
        text_format(&value, "%s, ", h->value);
    add_name(&value, what->name);
    add_hint(&value, what);
    if (h)
        h->value = value.data;
    else
        http_header(call, header_of(what), value.data);
}

/* ---- strict: the fault */

static bool has_group(const struct ignored *what)
{
    for (size_t i = 0; i < what->count; i++)
        if (group_of(what->name) && same_group(what->known[i], what->name))
            return true;
    return false;
}

static void add_known(struct text *out, const char *known, bool group)
{
    size_t length;
    const char *word = word_of(known, &length);
    text_add(out, out->length ? ", " : "");
    if (group)
        text_add_bytes(out, word, length);
    else
        text_add(out, known);
}

/* "filters" of "filters[name]", "filters[status]" and so on is shown once; a message of a body is a
 * member itself. */
static bool is_shown_before(const struct ignored *what, size_t i)
{
    const char *known = what->known[i];
    bool nested = group_of(known) > group_of(what->name);
    return (nested && known[group_of(known) - 1] == '.') ||
           (i && group_of(known) && same_group(known, what->known[i - 1]));
}

/* What could stand there: other filters for a filter; else all there is, each message once. */
static const char *known_text(struct arena *a, const struct ignored *what)
{
    bool group = has_group(what);
    struct text out;
    text_init(&out, a);
    for (size_t i = 0; i < what->count; i++) {
        const char *known = what->known[i];
        if (group && same_group(known, what->name))
            add_known(&out, known, true);
        else if (!group && !is_shown_before(what, i))
            add_known(&out,
                      group_of(known) ? arena_format(a, "%.*s...]", (int)group_of(known), known)
                                      : known,
                      false);
    }
    return out.length ? out.data : "nothing";
}

bool ignored_add(struct call *call, const struct ignored *what)
{
    if (is_strict(call))
        return fault_set(&call->fault, FAULT_INVALID, what->field,
                         "is not known here, which takes %s", known_text(&call->arena, what));
    header_add(call, what);
    return true;
}
