#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ec.h"
#include "list.h"
#include "rsa.h"
#include "shard.h"

static const char usage[] =
    "weak-keys - the keys that Debian's OpenSSL made from 2006 to 2008 (CVE-2008-0166)\n"
    "\n"
    "  weak-keys make [-d DIR] [-s SECONDS] [KIND [MACHINE [FILE]]]\n"
    "      makes what is missing in DIR; without names, all there is. Any number of these may "
    "run:\n"
    "      each takes what no other is at. After SECONDS it begins no new key.\n"
    "  weak-keys status [-d DIR]             how many keys of each are known\n"
    "  weak-keys lists [-d DIR] OUT          writes OUT/KIND.list for each kind, of what is "
    "complete\n"
    "  weak-keys show KIND MACHINE FILE PID  prints one: Modulus=HEX, or X=HEX of a curve's point\n"
    "\n"
    "  KIND     rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521\n"
    "  MACHINE  le64 (amd64), le32 (i386), be32 (PowerPC, SPARC, HPPA)\n"
    "  FILE     nornd, rnd, noreadrnd: what was found at ~/.rnd\n"
    "  PID      0 to 32767\n"
    "  DIR      build/weak-keys unless given\n";

struct options {
    const char *dir;
    double seconds;
    const struct kind *kind; /* these may be NULL, or below 0: all */
    const struct weak_machine *machine;
    int file;
};

static int fail_usage(void)
{
    fputs(usage, stderr);
    return 2;
}

static const struct weak_machine *machine_find(const char *name)
{
    for (const struct weak_machine *m = weak_machines; m->name; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

static int file_find(const char *name)
{
    for (int i = 0; i < WEAK_FILES; i++)
        if (strcmp(weak_file_names[i], name) == 0)
            return i;
    return -1;
}

/* As many names as there are. */
static bool names_read(struct options *o, int count, char **names)
{
    return (count < 1 || (o->kind = kind_find(names[0]))) &&
           (count < 2 || (o->machine = machine_find(names[1]))) &&
           (count < 3 || (o->file = file_find(names[2])) >= 0);
}

static bool wanted(const struct options *o, const struct kind *kind,
                   const struct weak_machine *machine, int file)
{
    return (!o->kind || o->kind == kind) && (!o->machine || o->machine == machine) &&
           (o->file < 0 || o->file == file);
}

static void each_shard(const struct options *o, void (*fn)(struct shard *s, void *data), void *data)
{
    static struct shard shard;

    for (const struct kind *k = kinds; k->name; k++)
        for (int file = 0; file < WEAK_FILES; file++)
            for (const struct weak_machine *m = weak_machines; m->name; m++)
                if (wanted(o, k, m, file) &&
                    shard_open(&shard, o->dir, k, m, (enum weak_file)file)) {
                    fn(&shard, data);
                    shard_close(&shard);
                }
}

static void make_one(struct shard *s, void *data)
{
    const double *until = data;
    double begin = seconds_now();
    unsigned before = s->known;

    s->until = *until;
    if (before == WEAK_PIDS || begin > s->until)
        return;
    shard_make(s);
    if (s->known > before)
        fprintf(stderr, "%s: %u of %d, %.2f ms each\n", s->name, s->known, WEAK_PIDS,
                (seconds_now() - begin) * 1e3 / (s->known - before));
}

static int do_make(struct options *o, int count, char **names)
{
    double until = seconds_now() + o->seconds;

    if (count > 3 || !names_read(o, count, names))
        return fail_usage();
    candidate_tables();
    each_shard(o, make_one, &until);
    return 0;
}

static void print_status(struct shard *s, void *data)
{
    (void)data;
    printf("%-24s %5u of %d\n", s->name, s->known, WEAK_PIDS);
}

static int do_status(struct options *o, int count, char **names)
{
    if (count > 3 || !names_read(o, count, names))
        return fail_usage();
    each_shard(o, print_status, NULL);
    return 0;
}

static void add_to_list(struct shard *s, void *data)
{
    if (s->known == WEAK_PIDS)
        list_add(data, s);
}

static int do_lists(struct options *o, int count, char **names)
{
    static struct list list;

    if (count != 1)
        return fail_usage();
    for (o->kind = kinds; o->kind->name; o->kind++) {
        list = (struct list){ .count = 0 };
        each_shard(o, add_to_list, &list);
        if (list.count > 0)
            list_write(&list, names[0]);
    }
    return 0;
}

static void print_hex(const char *title, const uint8_t *bytes, size_t size)
{
    printf("%s=", title);
    for (size_t i = 0; i < size; i++)
        printf("%02X", bytes[i]);
    putchar('\n');
}

static void print_modulus(void *data, unsigned pid, const uint8_t *modulus, size_t size)
{
    (void)data, (void)pid;
    print_hex("Modulus", modulus, size);
}

/* Gives the one id, once. */
static bool next_only(void *data, unsigned *pid)
{
    unsigned **only = data;

    if (!*only)
        return false;
    *pid = **only;
    *only = NULL;
    return true;
}

static int do_show(struct options *o, int count, char **names)
{
    char *end = "x";
    unsigned long id = count == 4 ? strtoul(names[3], &end, 10) : 0;
    unsigned pid = (unsigned)id, *only = &pid;
    uint8_t x[EC_FIELD_MAX];

    if (*end || id >= WEAK_PIDS || !names_read(o, 3, names))
        return fail_usage();
    candidate_tables();
    if (o->kind->rsa)
        rsa_run(&(struct rsa_work){ o->machine, (enum weak_file)o->file, o->kind->bits, next_only,
                                    print_modulus, &only });
    else
        print_hex("X", x, ec_x(o->kind->bits, o->machine, (enum weak_file)o->file, pid, x));
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct options *o, int count, char **names);
} commands[] = {
    { "make", do_make },
    { "status", do_status },
    { "lists", do_lists },
    { "show", do_show },
};

int main(int argc, char **argv)
{
    static const struct option help[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
    struct options o = { .dir = "build/weak-keys", .seconds = 1e9, .file = -1 };

    for (int c; (c = getopt_long(argc, argv, "d:s:h", help, NULL)) != -1;) {
        if (c == 'd')
            o.dir = optarg;
        else if (c == 's')
            o.seconds = strtod(optarg, NULL);
        else if (c == 'h')
            return fputs(usage, stdout), 0;
        else
            return fail_usage();
    }
    for (size_t i = 0; optind < argc && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, argv[optind]) == 0)
            return commands[i].run(&o, argc - optind - 1, argv + optind + 1);
    return fail_usage();
}
