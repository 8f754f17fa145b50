#include "command.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/version.h"
#include "help.h"
#include "service/config.h"

static int usage(const struct command *c, const char *why)
{
    fprintf(stderr, "chancery: %s\nusage: chancery %s %s\nchancery %s --help tells more\n", why,
            c->words, c->arguments, c->words);
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

/* "--name value" and "--name=value" are the same. */
static const char *option_read(const struct command *c, struct command_run *r, int argc,
                               char **argv, int *i)
{
    const char *equals = strchr(argv[*i], '=');
    const char *name =
        equals ? arena_strndup(&r->arena, argv[*i], (size_t)(equals - argv[*i])) : argv[*i];
    int kind = option_kind(c, name);
    if (kind == 0 || r->option_count == COMMAND_OPTIONS_MAX)
        return arena_format(&r->arena, "there is no option %s here", name);
    if (kind == 1 && equals)
        return arena_format(&r->arena, "%s takes no value", name);
    if (kind == 2 && !equals && ++*i >= argc)
        return arena_format(&r->arena, "%s wants a value", name);
    r->options[r->option_count].name = name + 2;
    r->options[r->option_count++].value = kind == 1 ? "" : equals ? equals + 1 : argv[*i];
    return NULL;
}

/* An option that stands in `arguments` without a bracket must be given. */
static const char *option_missing(const struct command *c, struct command_run *r)
{
    for (const char *at = c->arguments; (at = strstr(at, "--")); at += 2) {
        const char *name = arena_strndup(&r->arena, at + 2, strcspn(at + 2, " ]"));
        if ((at == c->arguments || at[-1] == ' ') && !command_option(r, name))
            return arena_format(&r->arena, "--%s must be given", name);
    }
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

/* The first that is not there, of those that must be. */
static const char *argument_missing(const struct command *c, struct command_run *r, int count)
{
    const char *at = c->arguments;
    for (; count > 0; count--) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return arena_format(&r->arena, "%.*s is missing", (int)strcspn(at, " "), at);
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
    return count < fewest ? argument_missing(c, r, count) : option_missing(c, r);
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

/* The person, for the audit log: who became root by sudo is who he was before. */
static const char *operator_name(void)
{
    const char *by_sudo = getenv("SUDO_USER");
    const struct passwd *entry = getpwuid(getuid());
    return by_sudo && *by_sudo ? by_sudo : entry ? entry->pw_name : "unknown";
}

/* libpq hands it to the session, and the audit log's rows take it from there. */
static void operator_set(struct command_run *r)
{
    const char *given = getenv("PGOPTIONS");
    struct text t;
    text_init(&t, &r->arena);
    text_format(&t, "%s -c chancery.operator=", given ? given : "");
    for (const char *at = operator_name(); *at; at++)
        text_add_char(&t, isalnum((unsigned char)*at) || strchr("._@-", *at) ? *at : '_');
    setenv("PGOPTIONS", t.data, 1);
}

struct store *command_store(struct command_run *r, struct fault *f)
{
    struct secret url;
    if (r->store ||
        !command_setting(
            r, "DATABASE_URL", NULL,
            "the database, as role chancery_cli; on an installed host: . /etc/chancery/operator.sh",
            &url, f))
        return r->store;
    operator_set(r);
    r->database = "CHANCERY_DATABASE_URL";
    r->store = store_new(&(struct store_options){
        .url = url, .prepare = true, .timeout = seconds(30), .application = "chancery" });
    return r->store;
}

/* ---- the run */

/* What to do next, for faults that say only what happened. */
static const char *advice(struct command_run *r, enum fault_code code)
{
    return code == FAULT_UNAVAILABLE && r->database
               ? arena_format(&r->arena, "\nIs the database running, and is %s right?", r->database)
               : "";
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool help_wanted(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (is_help(argv[i]))
            return true;
    return false;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct command_run r = { .out = stdout };
    struct fault f = { 0 };
    arena_init(&r.arena);
    const char *why = arguments_read(c, &r, argc, argv);
    int status = why ? usage(c, why) : 0;
    if (!why && !c->run(&r, &f)) {
        fprintf(stderr, "chancery %s: %s%s%s%s\n", c->words, f.field, *f.field ? " " : "", f.detail,
                advice(&r, f.code));
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

/* The words before the first option, as one text. */
static const char *words_typed(struct arena *a, int argc, char **argv)
{
    const char *typed = "";
    for (int i = 0; i < argc && argv[i][0] != '-'; i++)
        typed = arena_format(a, i ? "%s %s" : "%s%s", typed, argv[i]);
    return typed;
}

static const struct command *find(const struct command *commands, int argc, char **argv, int *words)
{
    for (; commands->words; commands++)
        if ((*words = words_match(commands->words, argc, argv)))
            return commands;
    return NULL;
}

/* What was typed may be a group of commands, behind one that is a command itself, too. */
static bool help_shown(const struct command *commands, const struct command *c, const char *typed,
                       FILE *out)
{
    return *typed &&
           (help_group(commands, typed, out) || (c && help_group(commands, c->words, out)));
}

/* "help WORDS" is "WORDS --help". */
static int help_or_run(const struct command *commands, struct arena *a, int argc, char **argv)
{
    int words;
    bool asked = strcmp(argv[0], "help") == 0, wanted = asked || help_wanted(argc, argv);
    argc -= asked;
    argv += asked;
    const struct command *c = find(commands, argc, argv, &words);
    if (c && !wanted)
        return run(c, argc - words, argv + words);
    if (help_shown(commands, c, words_typed(a, argc, argv), wanted ? stdout : stderr))
        return wanted ? 0 : 2;
    return suggest(commands, a, argc, argv);
}

int command_main(const struct command *commands, int argc, char **argv)
{
    if (argc < 2) {
        help_all(commands, stderr);
        return 2;
    }
    if (is_help(argv[1]) || (strcmp(argv[1], "help") == 0 && argc == 2)) {
        help_all(commands, stdout);
        return fflush(stdout) != 0;
    }
    if (strcmp(argv[1], "--version") == 0)
        return printf("chancery %s\n", version_text()) < 0 || fflush(stdout) != 0;
    struct arena a;
    arena_init(&a);
    int status = help_or_run(commands, &a, argc - 1, argv + 1);
    arena_free(&a);
    return status;
}
