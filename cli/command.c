#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/config.h"

/* ---- help */

static int help(const struct command *commands, FILE *out)
{
    fprintf(out, "chancery COMMAND\n\n");
    for (const struct command *c = commands; c->words; c++)
        fprintf(out, "  %s %s\n      %s\n", c->words, c->arguments, c->help);
    fprintf(out,
            "\nCHANCERY_DATABASE_URL, or the file that CHANCERY_DATABASE_URL_FILE names, says\n"
            "where the database is; migrate takes CHANCERY_ADMIN_DATABASE_URL.\n");
    return 0;
}

static int usage(const struct command *c, const char *why)
{
    fprintf(stderr, "chancery: %s\nusage: chancery %s %s\n", why, c->words, c->arguments);
    return 2;
}

/* ---- which command */

/* How many of the words in `argv` are the command's; 0: it is another. */
static int words_match(const char *words, int argc, char **argv)
{
    for (int n = 0; n < argc; n++) {
        size_t length = strlen(argv[n]);
        if (length == 0 || strncmp(words, argv[n], length) != 0 ||
            (words[length] && words[length] != ' '))
            return 0;
        if (!words[length])
            return n + 1;
        words += length + 1;
    }
    return 0;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance between two short texts. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t row[LONGEST + 1], m = strnlen(a, LONGEST), n = strnlen(b, LONGEST);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[n];
}

static int words_of(const char *text)
{
    int count = 1;
    for (; *text; text++)
        count += *text == ' ';
    return count;
}

/* The command whose words look most like those that were typed. */
static int suggest(const struct command *commands, struct arena *a, int argc, char **argv)
{
    const struct command *best = NULL;
    size_t best_distance = SIZE_MAX;
    const char *typed = "";
    for (const struct command *c = commands; c->words; c++) {
        const char *own = argv[0];
        for (int i = 1; i < words_of(c->words) && i < argc; i++)
            own = arena_format(a, "%s %s", own, argv[i]);
        size_t d = distance(own, c->words);
        if (d < best_distance)
            best = c, best_distance = d, typed = own;
    }
    fprintf(stderr, "chancery: there is no command \"%s\"", typed);
    if (best && best_distance <= strlen(best->words) / 2)
        fprintf(stderr, "; did you mean \"%s\"?", best->words);
    fprintf(stderr, "\nchancery --help lists all\n");
    return 2;
}

/* ---- arguments and options */

/* 0: no such option, 1: a plain one, 2: one with a value. */
static int option_kind(const struct command *c, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = c->options ? c->options : ""; (at = strstr(at, name)); at += length) {
        if (at[length] == '=')
            return 2;
        if (!at[length] || at[length] == ' ')
            return 1;
    }
    return 0;
}

static const char *option_read(const struct command *c, struct command_run *r, int argc,
                               char **argv, int *i)
{
    const char *name = argv[*i];
    int kind = option_kind(c, name);
    if (kind == 0 || r->option_count == COMMAND_OPTIONS_MAX)
        return arena_format(&r->arena, "there is no option %s here", name);
    if (kind == 2 && ++*i >= argc)
        return arena_format(&r->arena, "%s wants a value", name);
    r->options[r->option_count].name = name + 2;
    r->options[r->option_count++].value = kind == 2 ? argv[*i] : "";
    return NULL;
}

/* The arguments that must be there are the words in capitals before the first option or bracket. */
static void argument_count(const char *arguments, int *fewest, int *most)
{
    *fewest = *most = 0;
    for (const char *at = arguments; *at && *at != '-' && strncmp(at, "[-", 2) != 0;) {
        *fewest += *at != '[';
        ++*most;
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
}

static const char *arguments_read(const struct command *c, struct command_run *r, int argc,
                                  char **argv)
{
    int count = 0, fewest, most;
    argument_count(c->arguments, &fewest, &most);
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            const char *why = option_read(c, r, argc, argv, &i);
            if (why)
                return why;
            continue;
        }
        if (count == most)
            return arena_format(&r->arena, "\"%s\" is one argument too many", argv[i]);
        r->words[count++] = argv[i];
    }
    return count < fewest ? "an argument is missing" : NULL;
}

const char *command_option(const struct command_run *r, const char *name)
{
    for (size_t i = 0; i < r->option_count; i++)
        if (strcmp(r->options[i].name, name) == 0)
            return r->options[i].value;
    return NULL;
}

/* ---- settings and the database */

bool command_setting(struct command_run *r, const char *name, const char *fallback,
                     const char *help_text, struct secret *out, struct fault *f)
{
    const struct config_item items[] = {
        { .name = name, .fallback = fallback, .help = help_text, .type = CONFIG_SECRET }, { 0 }
    };
    const struct config_table tables[] = { { items, out }, { 0 } };
    struct text bad, unknown;
    text_init(&bad, &r->arena);
    text_init(&unknown, &r->arena);
    if (config_load(tables, &r->arena, &bad, &unknown))
        return true;
    return fault_set(f, FAULT_REQUIRED, NULL, "%.*s", (int)strcspn(bad.data, "\n"), bad.data);
}

struct store *command_store(struct command_run *r, struct fault *f)
{
    struct secret url;
    if (r->store ||
        !command_setting(r, "DATABASE_URL", NULL, "the database, as role chancery_cli", &url, f))
        return r->store;
    r->store = store_new(&(struct store_options){
        .url = url, .prepare = true, .timeout = seconds(30), .application = "chancery" });
    return r->store;
}

/* ---- the run */

/* What to do next, for faults that say only what happened. */
static const char *advice(enum fault_code code)
{
    return code == FAULT_UNAVAILABLE
               ? "\nIs the database running, and is CHANCERY_DATABASE_URL right?"
               : "";
}

static bool help_wanted(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

static int run(const struct command *c, int argc, char **argv)
{
    if (help_wanted(argc, argv)) {
        printf("chancery %s %s\n    %s\n", c->words, c->arguments, c->help);
        return 0;
    }
    struct command_run r = { .out = stdout };
    struct fault f = { 0 };
    arena_init(&r.arena);
    const char *why = arguments_read(c, &r, argc, argv);
    int status = why ? usage(c, why) : 0;
    if (!why && !c->run(&r, &f)) {
        fprintf(stderr, "chancery %s: %s%s%s%s\n", c->words, f.field, *f.field ? " " : "", f.detail,
                advice(f.code));
        status = 1;
    }
    status = status ? status : r.status;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "chancery %s: what it found could not be written\n", c->words);
        status = 1;
    }
    store_free(r.store);
    arena_free(&r.arena);
    return status;
}

int command_main(const struct command *commands, int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help(commands, argc < 2 ? stderr : stdout) + (argc < 2 ? 2 : 0);
    for (const struct command *c = commands; c->words; c++) {
        int words = words_match(c->words, argc - 1, argv + 1);
        if (words)
            return run(c, argc - 1 - words, argv + 1 + words);
    }
    struct arena a;
    arena_init(&a);
    int status = suggest(commands, &a, argc - 1, argv + 1);
    arena_free(&a);
    return status;
}
