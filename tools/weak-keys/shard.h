/* shard - the keys of one kind, machine and file: 32,768, by process id, in a file of checkpoints.
 *
 * It has eight bytes for each id: the beginning of the SHA-256 of the modulus or of the point's x, or
 * zeros where there is none yet. Each is written when it is known, so that a run which is ended loses
 * nothing but what it was at. One process at a time works at a shard.
 */
#ifndef WEAK_SHARD_H
#define WEAK_SHARD_H

#include "weak_random.h"

struct kind {
    const char *name;
    unsigned bits;
    bool rsa;
};

extern const struct kind kinds[]; /* ends with a NULL name */

const struct kind *kind_find(const char *name); /* NULL if there is none */

struct shard {
    const struct kind *kind;
    const struct weak_machine *machine;
    enum weak_file file;
    char name[64];
    int fd;
    unsigned next, known;        /* id to look at next; how many are known */
    uint64_t digests[WEAK_PIDS]; /* big-endian, as in the file */
    double until;                /* no new key is begun after this time */
};

double seconds_now(void); /* steady */

/* False if another process is at it. What cannot be opened ends the program. */
bool shard_open(struct shard *s, const char *dir, const struct kind *kind,
                const struct weak_machine *machine, enum weak_file file);
void shard_close(struct shard *s);

/* Makes the keys that are missing; says on stderr how far it is. */
void shard_make(struct shard *s);

#endif
