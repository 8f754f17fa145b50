#include "testing/https_sink.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "testing/child.h"

enum { LINE_SIZE = 128, BLOCK = 4096 };
static const char ca_tool[] = "tools/private-ca";
static const char program[] = BUILD_DIR "/tests/peers/https_sink";

static bool certificate_make(const struct https_sink *sink, struct arena *a, const char *address,
                             const char *name, struct fault *f)
{
    char *argv[] = { arena_strdup(a, ca_tool), arena_strdup(a, sink->folder),
                     arena_strdup(a, address), arena_strdup(a, name), NULL };

    if (child_end(child_run(argv, -1)) != 0)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "%s failed", ca_tool);
    return true;
}

/* The first line that the server prints is "ready URL". */
static bool server_start(struct https_sink *sink, struct arena *a, const char *address,
                         struct fault *f)
{
    char *argv[] = { arena_strdup(a, program),
                     arena_format(a, "--listen=%s:0", address),
                     arena_format(a, "--cert=%s/server.pem", sink->folder),
                     arena_format(a, "--key=%s/server.key", sink->folder),
                     arena_format(a, "--log=%s/log", sink->folder),
                     NULL };
    char line[LINE_SIZE] = "";

    sink->pid = child_run_ready(argv, line, sizeof line);
    if (sink->pid < 0 || sscanf(line, "ready %63s", sink->url) != 1)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "%s does not get ready", program);
    sink->port = (int)strtol(strrchr(sink->url, ':') + 1, NULL, 10);
    return true;
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
    child_kill(sink->pid);
    if (sink->folder[0])
        folder_remove(sink->folder);
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
