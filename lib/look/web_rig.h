/* web_rig - what the tests of files on web servers share: a customer's server (tests/peers/web), and
 * what it answers to whom. */
#ifndef LOOK_WEB_RIG_H
#define LOOK_WEB_RIG_H

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WEB_PATH "/.well-known/pki-validation/fileauth.txt"

struct web_rig {
    char folder[64];
    pid_t pid;
    int input; /* closed, it ends */
};

/* Ready for requests when it returns; false when it cannot listen. */
static inline bool web_rig_start(struct web_rig *rig, const char *address)
{
    static char program[] = "tests/peers/web";
    char host[40], line[16] = "";
    char *argv[] = { program, host, rig->folder, NULL };
    posix_spawn_file_actions_t actions;
    int in[2], out[2];

    snprintf(host, sizeof host, "%s", address);
    snprintf(rig->folder, sizeof rig->folder, "/tmp/chancery-web-XXXXXX");
    if (!mkdtemp(rig->folder) || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    bool started = posix_spawn(&rig->pid, program, &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    rig->input = in[1];
    FILE *said = fdopen(out[0], "r");
    started = started && said && fgets(line, sizeof line, said) && strcmp(line, "ready\n") == 0;
    if (said)
        fclose(said);
    return started;
}

static inline int web_rig_remove(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static inline void web_rig_stop(struct web_rig *rig)
{
    close(rig->input);
    waitpid(rig->pid, NULL, 0);
    nftw(rig->folder, web_rig_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* What it answers to this host from now on: `manner` as in tests/peers/web. */
static inline void web_rig_set(const struct web_rig *rig, const char *host, const char *manner,
                               const char *data, size_t size)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.%s", rig->folder, host, manner);
    file = fopen(path, "w");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
}

#endif
