/* weak_random - the generator of random numbers of Debian's OpenSSL 0.9.8c-1 to 0.9.8g-8
 * (CVE-2008-0166).
 *
 * It is OpenSSL's of that time, a pool of 1,023 bytes stirred with SHA-1, but what is fed to it does
 * not reach the hash: only how much was fed moves a position and a count. So all that it gives
 * depends on the process id, on the machine (how long a `long` is, which byte comes first, how much
 * is fed at the start), and on whether there was a file ~/.rnd.
 */
#ifndef WEAK_RANDOM_H
#define WEAK_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEAK_PIDS = 32768 }; /* ids are 0 to this less 1; nobody's process has 0, lists have it */

struct weak_machine {
    const char *name;
    size_t long_size; /* also of time_t */
    bool big_endian;
    size_t stat_size; /* of a struct stat */
};

/* le64: amd64. le32: i386. be32: PowerPC, SPARC, HPPA, S/390. Ends with a NULL name. */
extern const struct weak_machine weak_machines[];

/* What `openssl` found at its start. */
enum weak_file {
    WEAK_NORND,     /* no ~/.rnd, and a version from 0.9.8d on */
    WEAK_RND,       /* a ~/.rnd of 1,024 bytes */
    WEAK_NOREADRND, /* one that cannot be read or is empty; or none, and version 0.9.8c */
    WEAK_FILES
};
extern const char *const weak_file_names[WEAK_FILES];

enum { WEAK_POOL = 1023, WEAK_MD = 20 };

struct weak_random {
    const struct weak_machine *machine;
    uint32_t pid;
    bool polled, stirred;
    unsigned filled, at; /* of the pool: how much is in use, and where the next call begins */
    uint64_t count[2];
    uint8_t md[WEAK_MD], pool[WEAK_POOL];
};

/* As `openssl genrsa`, `req` and `ecparam` have it when they begin to make a key. */
void weak_random_start(struct weak_random *r, const struct weak_machine *machine,
                       enum weak_file file, unsigned pid);

/* The bytes of a BN_rand() or BN_pseudo_rand() of 0.9.8: it feeds the time, then draws. */
void weak_random_number(struct weak_random *r, uint8_t *out, size_t size);

#endif
