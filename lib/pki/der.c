#include "pki/der.h"

#include "base/calendar.h"

struct der der_open(struct bytes in)
{
    static const uint8_t nothing[1];

    if (in.size == 0)
        return (struct der){ nothing, nothing };
    return (struct der){ in.data, in.data + in.size };
}

bool der_done(const struct der *c)
{
    return c->next == c->end;
}

static size_t left(const struct der *c)
{
    return (size_t)(c->end - c->next);
}

bool der_at(const struct der *c, unsigned tag)
{
    return left(c) > 0 && *c->next == tag;
}

/* The long form (X.690 8.1.3.5), which DER allows only where the short one does not do (10.1). */
static bool long_length(const uint8_t *at, size_t room, size_t *length, size_t *used)
{
    size_t count = at[0] & 0x7fU;

    if (count == 0 || count > 4 || count >= room || at[1] == 0)
        return false;
    *length = 0;
    for (size_t i = 1; i <= count; i++)
        *length = *length << 8 | at[i];
    *used = 1 + count;
    return *length >= 0x80;
}

static bool read_length(const uint8_t *at, size_t room, size_t *length, size_t *used)
{
    if (room == 0)
        return false;
    if (at[0] & 0x80)
        return long_length(at, room, length, used);
    *length = at[0];
    *used = 1;
    return true;
}

bool der_next(struct der *c, unsigned *tag, struct bytes *content, struct bytes *whole)
{
    size_t room = left(c), length, used;

    if (room < 2 || (*c->next & 0x1f) == 0x1f || *c->next == 0)
        return false;
    if (!read_length(c->next + 1, room - 1, &length, &used) || length > room - 1 - used)
        return false;
    if (tag)
        *tag = *c->next;
    if (content)
        *content = (struct bytes){ c->next + 1 + used, length };
    if (whole)
        *whole = (struct bytes){ c->next, 1 + used + length };
    c->next += 1 + used + length;
    return true;
}

bool der_take(struct der *c, unsigned tag, struct bytes *out)
{
    return der_at(c, tag) && der_next(c, NULL, out, NULL);
}

bool der_take_whole(struct der *c, unsigned tag, struct bytes *out)
{
    return der_at(c, tag) && der_next(c, NULL, NULL, out);
}

bool der_enter(struct der *c, unsigned tag, struct der *inside)
{
    struct bytes content;

    if (!der_take(c, tag, &content))
        return false;
    *inside = der_open(content);
    return true;
}

/* X.690 8.3.2: the first nine bits are neither all ones nor all zeros. */
static bool read_unsigned(struct bytes content, struct bytes *magnitude)
{
    if (content.size == 0 || content.data[0] & 0x80)
        return false;
    *magnitude = content;
    if (content.size == 1 || content.data[0] != 0)
        return true;
    *magnitude = (struct bytes){ content.data + 1, content.size - 1 };
    return content.data[1] & 0x80;
}

bool der_take_unsigned(struct der *c, struct bytes *magnitude)
{
    struct der ahead = *c;
    struct bytes content;

    if (!der_take(&ahead, DER_INTEGER, &content) || !read_unsigned(content, magnitude))
        return false;
    *c = ahead;
    return true;
}

bool der_take_small(struct der *c, unsigned *out)
{
    struct der ahead = *c;
    struct bytes magnitude;

    if (!der_take_unsigned(&ahead, &magnitude) || magnitude.size > 4)
        return false;
    *out = 0;
    for (size_t i = 0; i < magnitude.size; i++)
        *out = *out << 8 | magnitude.data[i];
    *c = ahead;
    return true;
}

bool der_take_bool(struct der *c, bool *out)
{
    struct der ahead = *c;
    struct bytes content;

    if (!der_take(&ahead, DER_BOOLEAN, &content) || content.size != 1 ||
        (content.data[0] != 0 && content.data[0] != 0xff))
        return false;
    *out = content.data[0] != 0;
    *c = ahead;
    return true;
}

bool der_take_bits(struct der *c, struct bytes *out)
{
    struct der ahead = *c;
    struct bytes content;

    if (!der_take(&ahead, DER_BIT_STRING, &content) || content.size == 0 || content.data[0] != 0)
        return false;
    *out = (struct bytes){ content.data + 1, content.size - 1 };
    *c = ahead;
    return true;
}

/* `count` decimal digits at `*p`, which is moved on. */
static bool digits(const uint8_t **p, int count, int *out)
{
    *out = 0;
    for (; count > 0; count--, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

/* RFC 5280 4.1.2.5.1: two digits mean 1950 to 2049. */
static bool read_year(const uint8_t **p, bool four, int *year)
{
    if (!digits(p, four ? 4 : 2, year))
        return false;
    if (!four)
        *year += *year < 50 ? 2000 : 1900;
    return true;
}

static bool read_time(struct bytes content, bool four, struct instant *out)
{
    const uint8_t *p = content.data;
    struct calendar c = { 0 };

    if (content.size != (four ? 15 : 13) || content.data[content.size - 1] != 'Z')
        return false;
    return read_year(&p, four, &c.year) && digits(&p, 2, &c.month) && digits(&p, 2, &c.day) &&
           digits(&p, 2, &c.hour) && digits(&p, 2, &c.minute) && digits(&p, 2, &c.second) &&
           calendar_instant(&c, out);
}

bool der_take_time(struct der *c, struct instant *out)
{
    struct der ahead = *c;
    struct bytes content;
    unsigned tag;

    if (!der_next(&ahead, &tag, &content, NULL) ||
        (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) ||
        !read_time(content, tag == DER_GENERALIZED_TIME, out))
        return false;
    *c = ahead;
    return true;
}
