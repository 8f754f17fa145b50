/* lints_command - `chancery-issuer lints [--json]`: every lint of this program, where it comes from, and what chooses it by
 * the policy in force. */
#ifndef LINTS_COMMAND_H
#define LINTS_COMMAND_H

#include "service/service.h"

/* Returns what the process ends with. argv[0] is "lints". */
int lints_command(struct service_run *run, int argc, char **argv);

#endif
