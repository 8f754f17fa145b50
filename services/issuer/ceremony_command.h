/* ceremony_command - `chancery-issuer ceremony SCRIPT FOLDER`: holds the key ceremony and enters
 * its authorities into the database. */
#ifndef ISSUER_CEREMONY_COMMAND_H
#define ISSUER_CEREMONY_COMMAND_H

#include "ceremony_names.h"
#include "service/service.h"
#include "token/token.h"

/* The process's exit status. */
int ceremony_command(struct service_run *run, const struct token_options *options,
                     const struct ceremony_names *names, int argc, char **argv);

#endif
