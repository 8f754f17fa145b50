#include "testing/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/script.h"
#include "testing/patience.h"

/* A keeper process stands between us and the server: it waits until our end of a pipe is closed,
 * which even a crash does, and then takes server and files away. */
static struct {
    char folder[64], data[80], bin[256], url[160];
    int alive; /* our end of the pipe */
} cluster;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "test database: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void find_programs(void)
{
    glob_t found;

    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
        die("no PostgreSQL server in /usr/lib/postgresql");
    snprintf(cluster.bin, sizeof cluster.bin, "%s", found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
}

/* PostgreSQL refuses to run as root. */
static const struct passwd *runner(void)
{
    const struct passwd *user = NULL;

    if (geteuid() != 0)
        return NULL;
    user = getpwnam("postgres");
    if (!user)
        user = getpwnam("nobody");
    if (!user)
        die("no user to run PostgreSQL as");
    return user;
}

static void make_folder(void)
{
    const struct passwd *user = runner();

    snprintf(cluster.folder, sizeof cluster.folder, "/tmp/chancery-test-XXXXXX");
    if (!mkdtemp(cluster.folder) || (user && chown(cluster.folder, user->pw_uid, user->pw_gid)))
        die(cluster.folder);
    snprintf(cluster.data, sizeof cluster.data, "%s/data", cluster.folder);
    snprintf(cluster.url, sizeof cluster.url, "host=%s user=postgres dbname=postgres",
             cluster.folder);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* In the child: with nothing of ours but standard error, unprivileged, and not outliving its parent
 * (a change of user clears that wish, so it comes last). */
static _Noreturn void become(char **words)
{
    const struct passwd *user = runner();
    char path[300];

    if (user && (setgroups(0, NULL) || setgid(user->pw_gid) || setuid(user->pw_uid)))
        die("cannot drop privileges");
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir(cluster.folder) != 0)
        die(cluster.folder);
    if (dup2(open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), 2) < 0 || dup2(2, 1) < 0)
        die("log");
    snprintf(path, sizeof path, "%s/%s", cluster.bin, words[0]);
    words[0] = path; /* initdb looks for the server beside itself */
    execve(path, words, (char *[]){ (char[]){ "LC_ALL=C.UTF-8" }, NULL });
    die(path);
}

static pid_t launch(char **words)
{
    pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child == 0)
        become(words);
    return child;
}

#define WORD(text) ((char[]){ text })

static void show_log(void)
{
    char path[80], block[4096];
    ssize_t size;
    int log;

    snprintf(path, sizeof path, "%s/log", cluster.folder);
    log = open(path, O_RDONLY | O_CLOEXEC);
    while (log >= 0 && (size = read(log, block, sizeof block)) > 0)
        if (write(2, block, (size_t)size) < 0)
            break;
    if (log >= 0)
        close(log);
}

/* What the keeper does last. */
static _Noreturn void sweep(int status)
{
    if (status)
        show_log();
    nftw(cluster.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    _exit(status);
}

static void make_data(void)
{
    char *words[] = { WORD("initdb"),
                      WORD("--no-sync"),
                      WORD("--no-instructions"),
                      WORD("--auth=trust"),
                      WORD("--username=postgres"),
                      WORD("--encoding=UTF8"),
                      WORD("--locale=C.UTF-8"),
                      WORD("--pgdata"),
                      cluster.data,
                      NULL };
    int status;

    if (waitpid(launch(words), &status, 0) < 0 || status != 0)
        sweep(1);
}

static pid_t start_server(void)
{
    char *words[] = { WORD("postgres"),
                      WORD("-D"),
                      cluster.data,
                      WORD("-k"),
                      cluster.folder,
                      WORD("-c"),
                      WORD("listen_addresses="),
                      WORD("-c"),
                      WORD("fsync=off"),
                      WORD("-c"),
                      WORD("jit=off"),
                      WORD("-c"),
                      WORD("full_page_writes=off"),
                      WORD("-c"),
                      WORD("max_connections=200"),
                      WORD("-c"),
                      WORD("timezone=UTC"),
                      WORD("-c"),
                      WORD("log_timezone=UTC"),
                      WORD("-c"),
                      WORD("shared_buffers=64MB"),
                      NULL };

    return launch(words);
}

static _Noreturn void keep(int gone)
{
    char byte;
    pid_t server;

    setsid();
    signal(SIGPIPE, SIG_IGN);
    make_data();
    server = start_server();
    while (read(gone, &byte, 1) > 0 || errno == EINTR)
        errno = 0;
    kill(server, SIGQUIT);
    waitpid(server, NULL, 0);
    sweep(0);
}

/* The server says that it is ready by a line in postmaster.pid; asking it is simpler. */
static void wait_until_ready(pid_t keeper)
{
    struct tick deadline = tick_after(patience());
    struct timespec nap = { .tv_nsec = 20 * 1000 * 1000L };
    struct script *script = NULL;
    struct fault f;

    while (!script && tick_left(deadline).us) {
        if (waitpid(keeper, NULL, WNOHANG) != 0)
            die("initdb");
        script = script_open((struct secret){ cluster.url }, &f);
        if (!script)
            nanosleep(&nap, NULL);
    }
    if (!script)
        die(f.detail);
    script_close(script);
}

const char *cluster_start(void)
{
    int ends[2];
    pid_t keeper;

    find_programs();
    make_folder();
    if (pipe2(ends, O_CLOEXEC) != 0 || (keeper = fork()) < 0)
        die("cannot start");
    if (keeper == 0) {
        close(ends[1]);
        keep(ends[0]);
    }
    close(ends[0]);
    cluster.alive = ends[1];
    wait_until_ready(keeper);
    return cluster.url;
}
