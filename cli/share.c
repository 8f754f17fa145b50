#include "share.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

const char *share_folder_of(struct arena *a, const char *path, const char *name,
                            const char *checkout)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return checkout;
    const char *installed =
        arena_format(a, "%.*s/../share/chancery/%s", (int)(slash - path), path, name);
    return access(installed, R_OK | X_OK) == 0 ? installed : checkout;
}

const char *share_folder(struct arena *a, const char *name, const char *checkout)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return share_folder_of(a, path, name, checkout);
}
