#include "base/process.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

/* Not dumpable counts even where core_pattern is a pipe, which knows no limit. */
void process_guard(void)
{
    const struct rlimit none = { 0, 0 };

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0)
        abort();
}

void process_files_allow(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        log_warn("the limit of open files could not be raised");
}
