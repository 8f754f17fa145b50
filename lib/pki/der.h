/* der - reading and writing DER (X.690), strictly, without a copy and without OpenSSL.
 *
 * Reading: a cursor walks over borrowed bytes. Each step checks the tag, that the length is minimal
 * and definite, and that the value ends inside its parent; on false the cursor has not moved.
 *
 *     struct der all = der_open(bytes), list;
 *     return der_enter(&all, DER_SEQUENCE, &list) && der_take(&list, DER_OID, &oid)
 *         && der_done(&list) && der_done(&all);
 *
 * Writing: values are appended to a text; der_end() patches the length in.
 *
 *     size_t list = der_begin(t, DER_SEQUENCE);
 *     der_add(t, DER_OID, oid);
 *     der_end(t, list);
 */
#ifndef PKI_DER_H
#define PKI_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_TELETEX_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
/* [n] IMPLICIT of a primitive type, and [n] EXPLICIT or IMPLICIT of a constructed one; n < 31. */
#define DER_CONTEXT(n)    (0x80 | (n))
#define DER_CONTEXT_OF(n) (0xa0 | (n))

/* A static OID's content: DER_BYTES("\x55\x04\x03"). */
#define DER_BYTES(literal) ((struct bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })

struct der {
    const uint8_t *next, *end;
};

struct der der_open(struct bytes in);
bool der_done(const struct der *c);
/* Whether the next value has this tag. */
bool der_at(const struct der *c, unsigned tag);

/* Any value: its tag, its content and the whole of it, header included. Each may be NULL.
 * Tags of more than one byte are refused. */
bool der_next(struct der *c, unsigned *tag, struct bytes *content, struct bytes *whole);
/* The value with this tag: its content, or the whole of it. `out` may be NULL. */
bool der_take(struct der *c, unsigned tag, struct bytes *out);
bool der_take_whole(struct der *c, unsigned tag, struct bytes *out);
/* A cursor over the value's content. */
bool der_enter(struct der *c, unsigned tag, struct der *inside);

/* An INTEGER of minimal length that is not negative: its magnitude without leading zero;
 * 0 is one byte. */
bool der_take_unsigned(struct der *c, struct bytes *magnitude);
/* One that fits and is not negative. */
bool der_take_small(struct der *c, unsigned *out);
/* TRUE is 0xff (X.690 11.1). */
bool der_take_bool(struct der *c, bool *out);
/* A BIT STRING of whole bytes. */
bool der_take_bits(struct der *c, struct bytes *out);
/* UTCTime or GeneralizedTime in the form of RFC 5280 4.1.2.5: with seconds, in Z, no fraction. */
bool der_take_time(struct der *c, struct instant *out);

/* `t` may already hold something; what is nested is ended in reverse order. */
size_t der_begin(struct text *t, unsigned tag);
void der_end(struct text *t, size_t begun);

void der_add(struct text *t, unsigned tag, struct bytes content);
void der_add_text(struct text *t, unsigned tag, const char *s);
/* Bytes that already are DER. */
void der_add_raw(struct text *t, struct bytes der);
/* `magnitude` big-endian, may have leading zeros; tag DER_INTEGER, DER_ENUMERATED or a context. */
void der_add_unsigned(struct text *t, unsigned tag, struct bytes magnitude);
void der_add_small(struct text *t, unsigned value);
void der_add_bool(struct text *t, bool value);
void der_add_null(struct text *t);
void der_add_bits(struct text *t, struct bytes bits);
/* Named bits as in KeyUsage: bit n of `set` is named bit n; trailing zeros are cut (X.690 11.2.2).
 * n < 16. */
void der_add_named_bits(struct text *t, unsigned set);
/* UTCTime through 2049, GeneralizedTime later (RFC 5280 4.1.2.5); fractions are cut. */
void der_add_time(struct text *t, struct instant at);
void der_add_generalized_time(struct text *t, struct instant at);

/* What was written, as borrowed bytes. */
struct bytes der_written(const struct text *t);

/* An OID's content from dotted decimals and back. Reading refuses what is no OID; writing gives
 * NULL for it. Arcs below 2^32. */
bool der_oid_read(struct arena *a, const char *dotted, struct bytes *content);
char *der_oid_text(struct arena *a, struct bytes content);

#endif
