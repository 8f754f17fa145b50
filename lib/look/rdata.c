#include "look/rdata.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "look/value.h"

enum { LABEL_MAX = 63, NAME_WIRE_MAX = 255 };

bool rdata_read_text(struct bytes rdata, struct rdata_text *out)
{
    size_t at = 0;

    out->size = 0;
    while (at < rdata.size) {
        size_t length = rdata.data[at++];

        if (length > rdata.size - at || length > RDATA_TEXT_SIZE - out->size)
            return false;
        memcpy(out->data + out->size, rdata.data + at, length);
        out->size += length;
        at += length;
    }
    return rdata.size > 0;
}

static bool label_copy(const uint8_t *label, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++) {
        if (!isalnum(label[i]) && label[i] != '-' && label[i] != '_')
            return false;
        out[i] = (char)tolower(label[i]);
    }
    return true;
}

bool rdata_read_name(struct bytes rdata, char out[RDATA_NAME_SIZE])
{
    size_t at = 0, written = 0;
    size_t length;

    if (rdata.size == 0 || rdata.size > NAME_WIRE_MAX)
        return false;
    while ((length = rdata.data[at++]) > 0) {
        if (length > LABEL_MAX || length >= rdata.size - at)
            return false;
        if (!label_copy(rdata.data + at, length, out + written))
            return false;
        at += length;
        written += length;
        out[written++] = '.';
    }
    if (written)
        written--;
    out[written] = '\0';
    return at == rdata.size;
}

/* Where ".target" begins in `name`; NULL when it does not end so. */
static const char *find_target(const char *name, const char *target)
{
    size_t length = strlen(name), tail = strlen(target);

    if (length <= tail || name[length - tail - 1] != '.' ||
        strcasecmp(name + length - tail, target) != 0)
        return NULL;
    return name + length - tail - 1;
}

bool rdata_leads_to(const char *name, const char *value, const char *target)
{
    const char *dot = find_target(name, target);
    size_t length = strlen(value);

    if (length == 0)
        return strcasecmp(name, target) == 0;
    return length >= VALUE_LEAST && dot && (size_t)(dot - name) == length &&
           strncasecmp(name, value, length) == 0;
}

bool rdata_labels_above(const char *name, const char *target, struct rdata_text *out)
{
    const char *end = find_target(name, target);

    out->size = 0;
    for (const char *c = name; end && c < end && out->size < RDATA_TEXT_SIZE; c++)
        if (*c != '.')
            out->data[out->size++] = (uint8_t)*c;
    return end != NULL;
}

void rdata_show_in(const uint8_t *data, size_t size, char *out, size_t room)
{
    enum { WIDEST = sizeof "\\000" - 1 };
    size_t at = 0, i = 0;

    for (; i < size && at + WIDEST + sizeof "..." <= room; i++) {
        if (!isprint(data[i]))
            at += (size_t)snprintf(out + at, WIDEST + 1, "\\%03u", data[i]);
        else if (data[i] == '"' || data[i] == '\\')
            at += (size_t)snprintf(out + at, WIDEST + 1, "\\%c", data[i]);
        else
            out[at++] = (char)data[i];
    }
    snprintf(out + at, room - at, "%s", i < size ? "..." : "");
}

void rdata_show(const uint8_t *data, size_t size, char out[RDATA_SHOWN_SIZE])
{
    rdata_show_in(data, size, out, RDATA_SHOWN_SIZE);
}

void rdata_show_seen(const uint8_t *data, size_t size, char out[RDATA_SEEN_SIZE])
{
    rdata_show_in(data, size, out, RDATA_SEEN_SIZE);
}
