/* command - the words of the command line: a table of commands, their arguments and options.
 *
 *     chancery policy at 2027-03-15 TLS
 *     chancery account create "Example Ltd" --username ann --email ann@example.com
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/fault.h"
#include "store/store.h"

enum { COMMAND_WORDS_MAX = 8, COMMAND_OPTIONS_MAX = 32 };

struct command_run;

struct command {
    const char *words;     /* "policy load" */
    const char *arguments; /* as shown; [DIR] may be left out, the others must be there */
    const char *options;   /* "--lane= --dead": those with '=' take a value; NULL: none */
    bool (*run)(struct command_run *r, struct fault *f);
    const char *help;
};

struct command_run {
    struct arena arena;
    FILE *out;
    const char *words[COMMAND_WORDS_MAX]; /* the arguments, NULL where there is none */
    struct {
        const char *name, *value;
    } options[COMMAND_OPTIONS_MAX];
    size_t option_count;
    struct store *store;  /* opened by command_store() */
    const char *database; /* the setting that names the one that is asked; NULL: none is */
    int status;           /* what to exit with after a run that did not fail; 0 */
};

/* `commands` ends with a row without words. Returns the exit status: 0, 1 when the command failed
 * or found what it looks for, 2 when the words make no sense. */
int command_main(const struct command *commands, int argc, char **argv);

/* The value of "--name VALUE", "" of a plain "--name"; NULL when it was not given. Of one that was
 * given several times, the first: the others are in `options`. */
const char *command_option(const struct command_run *r, const char *name);

/* The database of CHANCERY_DATABASE_URL or CHANCERY_DATABASE_URL_FILE, as role chancery_cli. NULL
 * and a fault when neither is set. */
struct store *command_store(struct command_run *r, struct fault *f);

/* One setting of the environment, CHANCERY_NAME or the file CHANCERY_NAME_FILE; `fallback` NULL: it
 * must be set. */
bool command_setting(struct command_run *r, const char *name, const char *fallback,
                     const char *help, struct secret *out, struct fault *f);

#endif
