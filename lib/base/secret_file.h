/* secret_file - the one rule of who may read the file of a secret. */
#ifndef BASE_SECRET_FILE_H
#define BASE_SECRET_FILE_H

#include <stdbool.h>

#include "base/fault.h"

/* Nobody but the process may read it: `others` have no right to it at all, and nobody may write it
 * but its owner. The group may read it only where the file belongs to another user: there the group
 * is how this process comes to it, as with secrets that Kubernetes mounts (root's, of the pod's
 * fsGroup, 0440). Of its own file a process needs no group.
 *
 * False: `f` names the file and the command that mends it; `field` may be NULL. What has no owner
 * to change it, such as a pipe, is judged the same. */
bool secret_file_guarded(int fd, const char *path, const char *field, struct fault *f);

#endif
