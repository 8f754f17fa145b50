/* sha1 - of messages so short that one call suffices: the flawed generator hashes some 40 bytes at a
 * time, a thousand times for a key, and a library's set-up would cost more than the hash.
 */
#ifndef WEAK_SHA1_H
#define WEAK_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20, SHA1_SHORT_MAX = 119 };

/* FIPS 180-4, 6.1, for at most SHA1_SHORT_MAX bytes. */
void sha1_short(const uint8_t *in, size_t size, uint8_t out[SHA1_SIZE]);

#endif
