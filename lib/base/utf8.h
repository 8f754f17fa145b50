/* utf8 - is it UTF-8 (RFC 3629)? No overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at the start of the `size` bytes at `s`: 1 to 4; 0 if there is none. */
size_t utf8_length(const char *s, size_t size);

/* The control character at the start of `s`, which ends with NUL, or -1: C0, DEL, or C1, which is
 * C2 80 to C2 9F and does to some terminals what ESC and a letter do (ECMA-48, 5.3). */
int utf8_control(const char *s);

/* Writes `character`, at most U+10FFFF and no surrogate; returns how many bytes. */
size_t utf8_write(uint32_t character, char out[4]);

bool utf8_valid(const char *s, size_t size);

#endif
