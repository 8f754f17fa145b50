#include "pki/der.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"

size_t der_begin(struct text *t, unsigned tag)
{
    size_t begun = t->length;

    text_add_char(t, (char)tag);
    text_add_char(t, 0); /* the length, if it fits into one byte */
    return begun;
}

/* How many bytes the long form needs after its first. */
static size_t long_size(size_t length)
{
    size_t size = 0;

    for (; length > 0; length >>= 8)
        size++;
    return size;
}

void der_end(struct text *t, size_t begun)
{
    size_t body = begun + 2, length = t->length - body;
    size_t more = length < 0x80 ? 0 : long_size(length);
    static const uint8_t zeros[sizeof length];
    uint8_t *header;

    if (more > 0) {
        text_add_bytes(t, zeros, more);
        memmove(t->data + body + more, t->data + body, length);
    }
    header = (uint8_t *)t->data + begun;
    header[1] = (uint8_t)(more > 0 ? 0x80 | more : length);
    for (size_t i = more; i > 0; i--, length >>= 8)
        header[1 + i] = (uint8_t)length;
}

void der_add(struct text *t, unsigned tag, struct bytes content)
{
    size_t begun = der_begin(t, tag);

    text_add_bytes(t, content.data, content.size);
    der_end(t, begun);
}

void der_add_text(struct text *t, unsigned tag, const char *s)
{
    der_add(t, tag, BYTES_OF(s));
}

void der_add_raw(struct text *t, struct bytes der)
{
    text_add_bytes(t, der.data, der.size);
}

void der_add_unsigned(struct text *t, unsigned tag, struct bytes magnitude)
{
    size_t begun = der_begin(t, tag);

    for (; magnitude.size > 0 && magnitude.data[0] == 0; magnitude.size--)
        magnitude.data++;
    if (magnitude.size == 0 || magnitude.data[0] & 0x80)
        text_add_char(t, 0);
    text_add_bytes(t, magnitude.data, magnitude.size);
    der_end(t, begun);
}

void der_add_small(struct text *t, unsigned value)
{
    uint8_t big_endian[] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                             (uint8_t)value };

    der_add_unsigned(t, DER_INTEGER, (struct bytes){ big_endian, sizeof big_endian });
}

void der_add_bool(struct text *t, bool value)
{
    uint8_t byte = value ? 0xff : 0;

    der_add(t, DER_BOOLEAN, (struct bytes){ &byte, 1 });
}

void der_add_null(struct text *t)
{
    der_add(t, DER_NULL, (struct bytes){ NULL, 0 });
}

void der_add_bits(struct text *t, struct bytes bits)
{
    size_t begun = der_begin(t, DER_BIT_STRING);

    text_add_char(t, 0); /* no unused bits */
    text_add_bytes(t, bits.data, bits.size);
    der_end(t, begun);
}

void der_add_named_bits(struct text *t, unsigned set)
{
    uint8_t out[3] = { 0 }; /* unused bits, then the bits, the first named one on top */
    size_t size = 1;

    for (unsigned n = 0; n < 16; n++) {
        if (!(set >> n & 1))
            continue;
        out[1 + n / 8] = (uint8_t)(out[1 + n / 8] | 0x80U >> n % 8);
        out[0] = (uint8_t)(7 - n % 8);
        size = 2 + n / 8;
    }
    der_add(t, DER_BIT_STRING, (struct bytes){ out, size });
}

static void add_time(struct text *t, struct instant at, bool generalized)
{
    struct calendar c = calendar_of(at);
    char out[80];

    assert(at.us >= 0); /* no certificate is older than its standard */
    snprintf(out, sizeof out, "%04d%02d%02d%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute,
             c.second);
    /* UTCTime has the year's last two digits. */
    der_add_text(t, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME, generalized ? out : out + 2);
}

void der_add_time(struct text *t, struct instant at)
{
    static const struct instant first_of_2050 = { INT64_C(2524608000) * 1000000 };

    add_time(t, at, !instant_before(at, first_of_2050));
}

void der_add_generalized_time(struct text *t, struct instant at)
{
    add_time(t, at, true);
}

struct bytes der_written(const struct text *t)
{
    return (struct bytes){ (const uint8_t *)t->data, t->length };
}
