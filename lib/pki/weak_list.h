/* weak_list - the form of a file of weak keys, as tools/weak-keys writes and weak_keys.c reads it.
 *
 * A key is named by the first 52 bits of a SHA-256: of an RSA modulus, or of the x of a point on a
 * curve, each big-endian and as long as its kind. Of these the first 12 say where to look, so that
 * only 40 are stored:
 *
 *     head      256 bytes of text that ends with a newline: "weak-keys 1 KIND COUNT", then what it
 *               covers, then spaces
 *     starts    4,097 numbers of 32 bits, big-endian: keys whose first 12 bits are i are those
 *               from starts[i] on, before starts[i + 1]
 *     rests     the other 40 bits of each, 5 bytes, ascending between two starts
 *     seal      the SHA-256 of all before
 *
 * With 294,912 keys a good one is taken for a weak one once in 2^33.8.
 */
#ifndef PKI_WEAK_LIST_H
#define PKI_WEAK_LIST_H

enum {
    WEAK_LIST_HEAD = 256,
    WEAK_LIST_PREFIX = 12,
    WEAK_LIST_BUCKETS = 1 << WEAK_LIST_PREFIX,
    WEAK_LIST_STARTS = 4 * (WEAK_LIST_BUCKETS + 1),
    WEAK_LIST_REST = 5,
    WEAK_LIST_SEAL = 32,
    WEAK_LIST_KEYS_MAX = 1 << 24
};

#define WEAK_LIST_TITLE "weak-keys 1 "

#endif
