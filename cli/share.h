/* share - where the policy and the migrations are: installed with the program, or in a checkout. */
#ifndef CLI_SHARE_H
#define CLI_SHARE_H

#include "base/arena.h"

/* The folder ../share/chancery/NAME of the one that this program is in, where `make install` and our
 * images have it; when it is not there, `checkout`, which is seen from the working directory. */
const char *share_folder(struct arena *a, const char *name, const char *checkout);

/* The same, of a program at `path`. */
const char *share_folder_of(struct arena *a, const char *path, const char *name,
                            const char *checkout);

#endif
