/* serial - serial numbers, and the list of revoked ones that each belongs to. */
#ifndef X509_SERIAL_H
#define X509_SERIAL_H

#include "base/clock.h"
#include "base/text.h"

/* 0x40, which keeps the number positive and its length the same, 6 octets of milliseconds of Unix time,
 * 13 random ones: 104 bits that nobody can guess (TLS BR 7.1.2.7 wants 64), and an index that grows at
 * its end. 20 octets are the most there may be (RFC 5280 4.1.2.2). */
enum { SERIAL_SIZE = 20, SERIAL_TIME_SIZE = 7 };
void serial_make(struct instant at, uint8_t out[SERIAL_SIZE]);

/* Which of `shards` CRLs lists it: from 0, by its last octets. 0 where there is but one. Stands in
 * certificates, so it never changes. */
unsigned serial_shard(struct bytes serial, unsigned shards);

#endif
