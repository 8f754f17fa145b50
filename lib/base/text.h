/* text - a growing string, and the encodings that several modules need. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Grows in its arena; always ends with a NUL that `length` does not count. */
struct text {
    struct arena *arena;
    char *data;
    size_t length, room;
};

void text_init(struct text *t, struct arena *a);
/* For who knows about how much will come: it is not copied as it grows. */
void text_make_room(struct text *t, size_t size);
void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const void *data, size_t size);
void text_add_char(struct text *t, char c);
void text_format(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Borrowed bytes. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

void text_add_hex(struct text *t, struct bytes b); /* lower case */
#define BYTES_OF(s) ((struct bytes){ (const uint8_t *)(s), strlen(s) })

bool bytes_equal(struct bytes a, struct bytes b);
/* The same time whatever differs; for secrets. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

char *hex_lower(struct arena *a, struct bytes b);
char *hex_upper(struct arena *a, struct bytes b);
bool hex_read(struct arena *a, const char *text, struct bytes *out);
/* As people copy numbers: without the colons and blanks that tools print between bytes, in lower case, with
 * the zero that others leave out in front. NULL when anything else is there, or nothing. */
char *hex_plain(struct arena *a, const char *text);

char *base64_write(struct arena *a, struct bytes b);    /* padded, one line */
char *base64url_write(struct arena *a, struct bytes b); /* not padded */
/* Either alphabet; white space is skipped; padding may be missing but not wrong. */
bool base64_read(struct arena *a, const char *text, size_t length, struct bytes *out);
/* As protocols write it that sign or compare the text (RFC 7515 2): that alphabet, and nothing else,
 * no padding either. Each byte string has one spelling, which base64url_write() writes. */
bool base64url_read_strict(struct arena *a, const char *text, size_t length, struct bytes *out);

/* Strict decimal: the whole text, no sign but '-', no leading '+', no overflow. */
bool int64_read(const char *text, int64_t *out);

/* `size` bytes from the kernel's random source; aborts when there is none. */
void random_bytes(void *out, size_t size);
/* `length` characters of a-z and 0-9, uniformly drawn, NUL added: 5.17 bits each. */
void random_text(char *out, size_t length);

#endif
