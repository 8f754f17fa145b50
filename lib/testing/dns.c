#include "testing/dns.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 6 };
static const char tool[] = "tools/dns-rig";

/* What the tool says of a failure stands on standard error; the fault names the call. */
static bool finished_well(pid_t pid, const char *verb, struct fault *f)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fault_set(f, FAULT_INTERNAL, NULL, "waitpid: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "%s %s failed", tool, verb);
    return true;
}

/* Runs `tools/dns-rig FOLDER words...`; standard input is the file `input`. */
static bool run(const struct dns_rig *rig, const char *input, const char *const *words,
                struct fault *f)
{
    const char *argv[WORDS_MAX + 2] = { tool, rig->folder };
    union {
        const char *const *ours;
        char *const *theirs; /* posix_spawn() does not write either */
    } args = { argv };
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int error;

    for (size_t i = 0; i < WORDS_MAX - 1 && words[i]; i++)
        argv[i + 2] = words[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0);
    error = posix_spawn(&pid, tool, &actions, NULL, args.theirs, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", tool, strerror(error));
    return finished_well(pid, words[0], f);
}

#define RUN(rig, f, ...) run((rig), "/dev/null", (const char *const[]){ __VA_ARGS__, NULL }, (f))

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

/* A process of its own session, out of reach of what may end the test. */
static _Noreturn void keep(const struct dns_rig *rig, int gone)
{
    struct fault ignored;
    char byte;

    setsid();
    while (read(gone, &byte, 1) < 0 && errno == EINTR)
        ;
    RUN(rig, &ignored, "stop");
    nftw(rig->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

static bool keeper_start(struct dns_rig *rig, struct fault *f)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0 || (rig->keeper = fork()) < 0)
        return fault_set(f, FAULT_INTERNAL, NULL, "keeper: %s", strerror(errno));
    if (rig->keeper == 0) {
        close(ends[1]);
        keep(rig, ends[0]);
    }
    close(ends[0]);
    rig->alive = ends[1];
    return true;
}

/* Nobody else's until the keeper, who has it too, has stopped the name servers. */
static bool address_take(struct dns_rig *rig, const char *address, struct fault *f)
{
    char path[64];

    snprintf(path, sizeof path, "/tmp/chancery-dns-%s.lock", address);
    rig->taken = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    while (rig->taken < 0 || flock(rig->taken, LOCK_EX) != 0)
        if (rig->taken < 0 || errno != EINTR)
            return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", path, strerror(errno));
    return true;
}

bool dns_rig_start(struct dns_rig *rig, const char *address, struct fault *f)
{
    *rig = (struct dns_rig){ .folder = "/tmp/chancery-dns-XXXXXX" };
    if (!address_take(rig, address, f))
        return false;
    if (!mkdtemp(rig->folder))
        return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", rig->folder, strerror(errno));
    snprintf(rig->anchor, sizeof rig->anchor, "%s/root.key", rig->folder);
    snprintf(rig->hints, sizeof rig->hints, "%s/root.hints", rig->folder);
    return keeper_start(rig, f) && RUN(rig, f, "start", address);
}

void dns_rig_stop(struct dns_rig *rig)
{
    if (!rig->folder[0])
        return;
    if (rig->keeper > 0) {
        /* Others may have inherited the pipe, so its end is said. */
        if (write(rig->alive, "", 1) != 1)
            kill(rig->keeper, SIGKILL);
        close(rig->alive);
        waitpid(rig->keeper, NULL, 0);
        close(rig->taken);
    }
    rig->folder[0] = '\0';
}

bool dns_rig_set(struct dns_rig *rig, const char *name, const char *type, const char *value,
                 struct fault *f)
{
    return RUN(rig, f, "set", name, type, value);
}

bool dns_rig_add(struct dns_rig *rig, const char *name, const char *type, const char *value,
                 struct fault *f)
{
    return RUN(rig, f, "add", name, type, value);
}

bool dns_rig_del(struct dns_rig *rig, const char *name, struct fault *f)
{
    return RUN(rig, f, "del", name);
}

bool dns_rig_set_txt(struct dns_rig *rig, const char *name, const char *text, struct fault *f)
{
    return RUN(rig, f, "set", name, "TXT", text);
}

bool dns_rig_set_cname(struct dns_rig *rig, const char *name, const char *target, struct fault *f)
{
    return RUN(rig, f, "set", name, "CNAME", target);
}

bool dns_rig_load(struct dns_rig *rig, const char *lines, struct fault *f)
{
    char path[sizeof rig->folder + sizeof "/lines"];
    FILE *file;

    snprintf(path, sizeof path, "%s/lines", rig->folder);
    file = fopen(path, "w");
    if (!file || fputs(lines, file) < 0 || fclose(file))
        return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", path, strerror(errno));
    return run(rig, path, (const char *const[]){ "load", NULL }, f);
}
