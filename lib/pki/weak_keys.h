/* weak_keys - is it one of the keys that Debian's OpenSSL made from 2006 to 2008 (CVE-2008-0166)?
 *
 * TLS BR 6.1.1.3 (5.1). Its random numbers depended on little but the process id, so that all keys
 * of a kind are known: tools/weak-keys makes them, policy/weak-keys has their lists. These are mapped
 * into memory, which all processes of a host share.
 */
#ifndef PKI_WEAK_KEYS_H
#define PKI_WEAK_KEYS_H

#include "pki/key.h"

enum weak_keys_answer {
    WEAK_KEYS_NOT,    /* on no list, or there is no list of its kind */
    WEAK_KEYS_LISTED, /* its private half is known */
    WEAK_KEYS_UNREAD  /* the lists cannot be read */
};

/* Where the lists are, before the first question; copied. "policy/weak-keys" unless called. */
void weak_keys_folder(const char *path);

/* Whether all lists are there and whole: read once, by the first who asks. FAULT_UNAVAILABLE with the
 * file that is not; then each answer is WEAK_KEYS_UNREAD. */
bool weak_keys_ready(struct fault *f);

enum weak_keys_answer weak_keys_find(const struct key *key);

/* What the list of its kind covers, "le64-nornd le32-nornd"; NULL: there is no list, so that such a key
 * would not be found. Borrowed, for good. */
const char *weak_keys_cover(const struct key *key);

#endif
