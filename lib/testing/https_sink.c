#include "testing/https_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

enum { LINE_SIZE = 128, BLOCK = 4096 };
static const char ca_tool[] = "tools/private-ca";
static const char program[] = BUILD_DIR "/tests/peers/https_sink";

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

/* In the child: nothing but calls that are safe after fork() in a process with threads. */
static void become(char *const *argv, int out, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && (out < 0 || dup2(out, STDOUT_FILENO) >= 0))
        execv(argv[0], argv);
    _exit(127);
}

static pid_t run(char *const *argv, int out)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0)
        become(argv, out, parent);
    return pid;
}

static int end_of(pid_t pid)
{
    int status = -1;

    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static bool certificate_make(const struct https_sink *sink, struct arena *a, const char *address,
                             const char *name, struct fault *f)
{
    char *argv[] = { arena_strdup(a, ca_tool), arena_strdup(a, sink->folder),
                     arena_strdup(a, address), arena_strdup(a, name), NULL };

    if (end_of(run(argv, -1)) != 0)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "%s failed", ca_tool);
    return true;
}

/* The first line that the server prints: "ready URL". */
static bool ready_read(struct https_sink *sink, int from, struct fault *f)
{
    char line[LINE_SIZE] = "";
    FILE *in = fdopen(from, "r");
    bool ready = in && fgets(line, sizeof line, in) && sscanf(line, "ready %63s", sink->url) == 1;

    if (in)
        fclose(in);
    if (!ready)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "%s does not get ready", program);
    sink->port = (int)strtol(strrchr(sink->url, ':') + 1, NULL, 10);
    return true;
}

static bool server_start(struct https_sink *sink, struct arena *a, const char *address,
                         struct fault *f)
{
    char *argv[] = { arena_strdup(a, program),
                     arena_format(a, "--listen=%s:0", address),
                     arena_format(a, "--cert=%s/server.pem", sink->folder),
                     arena_format(a, "--key=%s/server.key", sink->folder),
                     arena_format(a, "--log=%s/log", sink->folder),
                     NULL };
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fault_set(f, FAULT_INTERNAL, NULL, "pipe: %s", strerror(errno));
    sink->pid = run(argv, ends[1]);
    close(ends[1]);
    return ready_read(sink, ends[0], f);
}

bool https_sink_start(struct https_sink *sink, const char *address, const char *name,
                      struct fault *f)
{
    struct arena a;
    bool ready;

    *sink = (struct https_sink){ .folder = "/tmp/chancery-sink-XXXXXX" };
    if (!mkdtemp(sink->folder))
        return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", sink->folder, strerror(errno));
    snprintf(sink->ca_file, sizeof sink->ca_file, "%s/ca.pem", sink->folder);
    arena_init(&a);
    ready = certificate_make(sink, &a, address, name, f) && server_start(sink, &a, address, f);
    arena_free(&a);
    if (!ready)
        https_sink_stop(sink);
    return ready;
}

void https_sink_stop(struct https_sink *sink)
{
    if (sink->pid > 0) {
        kill(sink->pid, SIGKILL);
        end_of(sink->pid);
    }
    if (sink->folder[0])
        nftw(sink->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    *sink = (struct https_sink){ 0 };
}

void https_sink_let_go(const struct https_sink *sink)
{
    kill(sink->pid, SIGRTMIN);
}

char *https_sink_log(const struct https_sink *sink, struct arena *a)
{
    char *path = arena_format(a, "%s/log", sink->folder), block[BLOCK];
    FILE *in = fopen(path, "r");
    struct text log;

    text_init(&log, a);
    text_add(&log, "");
    for (size_t size; in && (size = fread(block, 1, sizeof block, in)) > 0;)
        text_add_bytes(&log, block, size);
    if (in)
        fclose(in);
    return log.data;
}
