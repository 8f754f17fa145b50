/* help - what `chancery` says of its commands: of all, of a group, and of one with its options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "command.h"

/* All commands, those that begin with one word together, and what they have in common. */
void help_all(const struct command *commands, FILE *out);

/* Those that are `group` or begin with it; of one alone its options, too. Returns how many there are. */
int help_group(const struct command *commands, const char *group, FILE *out);

/* What an option means, wherever it is taken; NULL: there is no such option. */
const char *help_option(const char *name);

#endif
