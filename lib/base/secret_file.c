#include "base/secret_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is wrong with it, or NULL. */
static const char *leak(const struct stat *is)
{
    bool own = is->st_uid == geteuid();

    if (is->st_mode & S_IRWXO)
        return "everybody";
    if (is->st_mode & S_IWGRP || (own && is->st_mode & S_IRGRP))
        return "its group";
    return NULL;
}

/* The command leaves the way by the group where the process has no other. */
bool secret_file_guarded(int fd, const char *path, const char *field, struct fault *f)
{
    struct stat is;

    if (fstat(fd, &is) != 0)
        return fault_set(f, FAULT_INVALID, field, "%s: %s", path, strerror(errno));
    const char *who = leak(&is);
    return !who || fault_set(f, FAULT_INVALID, field, "%s is a secret that %s may use: chmod %s %s",
                             path, who, is.st_uid == geteuid() ? "600" : "440", path);
}
