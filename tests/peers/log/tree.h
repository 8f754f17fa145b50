/* tree - the entries of a log and its Merkle tree (RFC 6962 2.1, 3.4), in memory. Any thread. */
#ifndef PEERS_LOG_TREE_H
#define PEERS_LOG_TREE_H

#include "tests/peers/log/bytes.h"

/* Once, at first. */
void tree_open(void);

/* The time of that entry, which is made if it is new. */
uint64_t tree_put(struct arena *a, struct bytes logged, struct bytes extra, uint64_t now);

/* How many there are, and the hash over all of them. */
size_t tree_head(struct hash *root);
/* MerkleTreeLeaf and extra data, which stay. False: there is no such entry. */
bool tree_entry(size_t at, struct bytes *input, struct bytes *extra);

#endif
