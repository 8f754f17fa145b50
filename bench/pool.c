/* pool - writes a file of certificate requests for bench/load, a line each: a name under DOMAIN, a
 * tab, and its request in base64, P-256, each with a key of its own.
 *
 *   pool FILE COUNT DOMAIN
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "pki/csr_make.h"

static void line(FILE *out, long number, const char *domain)
{
    struct arena a;
    char name[254];
    const char *const names[] = { name };
    arena_init(&a);
    snprintf(name, sizeof name, "n%07ld.%s", number, domain);
    struct evp_pkey_st *key = csr_make_key("P-256");
    struct bytes csr = csr_make(&a, key, names, 1);
    fprintf(out, "%s\t%s\n", name, base64_write(&a, csr));
    csr_make_key_free(key);
    arena_free(&a);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: pool FILE COUNT DOMAIN\n");
        return 2;
    }
    long count = strtol(argv[2], NULL, 10);
    FILE *out = fopen(argv[1], "w");
    for (long i = 0; out && i < count; i++)
        line(out, i, argv[3]);
    if (!out || fclose(out) != 0) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
