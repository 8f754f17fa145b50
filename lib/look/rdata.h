/* rdata - what outsiders' DNS records say, read strictly, and whether it is what we look for.
 * No look-ups here, no memory of its own: bytes in, answer out (fuzz/dns.c). */
#ifndef LOOK_RDATA_H
#define LOOK_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
    RDATA_TEXT_SIZE = 4096, /* a longer TXT record is not read */
    RDATA_NAME_SIZE = 256,
    RDATA_SHOWN_SIZE = 256,
    RDATA_SEEN_SIZE = 64 /* of what was found instead, among other words */
};

struct rdata_text {
    uint8_t data[RDATA_TEXT_SIZE];
    size_t size;
};

/* TXT, RFC 1035 3.3.14: one character-string or more, put together without anything between.
 * False when they do not fill the record exactly or are too long together. */
bool rdata_read_text(struct bytes rdata, struct rdata_text *out);

/* CNAME, RFC 1035 3.3.1: as lower-case text without the last dot. False when it is no name, is
 * compressed, or has characters that no host name or underscore label has: such a name is never
 * what we look for, and a dot inside a label would make it look like another. */
bool rdata_read_name(struct bytes rdata, char out[RDATA_NAME_SIZE]);

/* Is `name` (as read above) `value`.`target`, or with an empty value the target itself? Letters
 * count as equal in both cases, as in DNS. */
bool rdata_leads_to(const char *name, const char *value, const char *target);

/* The labels of `name` before `target`, put together without dots: a request token is longer than
 * one label may be. False when `name` is not below `target`. */
bool rdata_labels_above(const char *name, const char *target, struct rdata_text *out);

/* As in a zone file (RFC 1035 5.1), printable ASCII only, cut with "..." when it is long. */
void rdata_show(const uint8_t *data, size_t size, char out[RDATA_SHOWN_SIZE]);
void rdata_show_seen(const uint8_t *data, size_t size, char out[RDATA_SEEN_SIZE]);
/* Into `room` bytes, which have room for "..." and more. */
void rdata_show_in(const uint8_t *data, size_t size, char *out, size_t room);

#endif
