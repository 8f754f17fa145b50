#include "range.h"

#include <ctype.h>
#include <string.h>

enum { PLACE_SIZE = 64, DAY_LENGTH = 10 };

static bool is_digit(const char *text, size_t length, size_t i)
{
    return i < length && isdigit((unsigned char)text[i]);
}

/* Two digits where there is one: clients write 2024-3-1 2:0:41 as well. Those of a fraction stay as they
 * are. Returns the length, or 0 when there is no room. */
static size_t pad(const char *text, size_t length, char out[PLACE_SIZE])
{
    size_t size = 0;
    for (size_t i = 0; i < length && size + 2 < PLACE_SIZE; i++) {
        bool alone = is_digit(text, length, i) && !is_digit(text, length, i + 1) &&
                     (i == 0 || (!is_digit(text, length, i - 1) && text[i - 1] != '.'));
        if (alone)
            out[size++] = '0';
        out[size++] = text[i];
    }
    out[size] = '\0';
    return size + 2 < PLACE_SIZE ? size : 0;
}

/* A day, or a second: where it begins and where the next one does. "2024-10-15+10:20:30" is 10:20:30 of
 * that day (services-api 1.8); the '+' of an offset comes behind a time. */
static bool place_read(const char *text, size_t length, struct range *out)
{
    char copy[PLACE_SIZE];
    length = pad(text, length, copy);
    if (length > DAY_LENGTH && copy[DAY_LENGTH] == '+')
        copy[DAY_LENGTH] = 'T';
    if (!instant_read(copy, &out->since))
        return false;
    out->before = instant_add(out->since, length == DAY_LENGTH ? days(1) : seconds(1));
    return true;
}

static bool between(const char *text, const char *dots, struct range *out)
{
    struct range first, last;
    if (!place_read(text, (size_t)(dots - text), &first) ||
        !place_read(dots + 3, strlen(dots + 3), &last))
        return false;
    *out = (struct range){ first.since, last.before };
    return true;
}

bool range_read(const char *text, struct range *out)
{
    struct range place;
    const char *dots = strstr(text, "...");
    if (dots)
        return between(text, dots, out);
    if (*text == '>' || *text == '<') {
        if (!place_read(text + 1, strlen(text + 1), &place))
            return false;
        *out = *text == '>' ? (struct range){ place.before, { INT64_MAX } }
                            : (struct range){ { INT64_MIN }, place.since };
        return true;
    }
    return place_read(text, strlen(text), out);
}
