/* with_database COMMAND [ARGUMENT...] - runs the command beside a private PostgreSQL, which the
 * tests in it share through CHANCERY_TEST_DATABASE and which ends with it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/database.h"

int main(int argc, char **argv)
{
    int status;
    pid_t child;

    if (argc < 2) {
        fprintf(stderr, "usage: with_database COMMAND [ARGUMENT...]\n");
        return 2;
    }
    setenv("CHANCERY_TEST_DATABASE", database_cluster(), 1);
    child = fork();
    if (child == 0) {
        execvp(argv[1], argv + 1);
        fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
