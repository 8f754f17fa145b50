#include "testing/child.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

void folder_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
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

pid_t child_run(char *const *argv, int out)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0)
        become(argv, out, parent);
    return pid;
}

int child_end(pid_t pid)
{
    int status = -1;

    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

void child_kill(pid_t pid)
{
    if (pid > 0) {
        kill(pid, SIGKILL);
        child_end(pid);
    }
}

static bool line_read(int from, char *line, int size)
{
    FILE *in = fdopen(from, "r");
    bool there = in && fgets(line, size, in);

    if (in)
        fclose(in);
    return there;
}

pid_t child_run_ready(char *const *argv, char *line, int size)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid = child_run(argv, ends[1]);
    close(ends[1]);
    if (line_read(ends[0], line, size))
        return pid;
    child_kill(pid);
    return -1;
}
