#include "testing/scratch_token.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static void must(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

const char *scratch_token_dir(void)
{
    char path[128];

    if (dir[0])
        return dir;
    snprintf(dir, sizeof dir, "/tmp/scratch-token.XXXXXX");
    must(mkdtemp(dir) != NULL, dir);
    snprintf(path, sizeof path, "%s/tokens", dir);
    must(mkdir(path, 0700) == 0, path);
    snprintf(path, sizeof path, "%s/softhsm2.conf", dir);
    FILE *conf = fopen(path, "w");
    must(conf != NULL, path);
    fprintf(conf,
            "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
            dir);
    must(fclose(conf) == 0, path);
    must(setenv("SOFTHSM2_CONF", path, 1) == 0, "setenv");
    return dir;
}

void scratch_token_make(const char *label)
{
    int status;

    scratch_token_dir();
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execlp("softhsm2-util", "softhsm2-util", "--init-token", "--free", "--label", label,
               "--so-pin", "so-" SCRATCH_TOKEN_PIN, "--pin", SCRATCH_TOKEN_PIN, (char *)NULL);
        _exit(127);
    }
    must(waitpid(child, &status, 0) == child && status == 0, "softhsm2-util");
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

void scratch_token_remove(void)
{
    if (dir[0])
        nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    dir[0] = '\0';
}
