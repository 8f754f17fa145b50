#include "help.h"

#include <string.h>

#include "base/text.h"
#include "fold.h"

enum { INDENT = 6, DEEPER = 10 };

// clang-format off
static const struct {
    const char *name, *words;
} options[] = {
    { "--account",     "only of this account, by its number (chancery account list)" },
    { "--at",          "as of this day: 2027-03-15, or 2027-03-15T12:00:00Z" },
    { "--batch",       "how many rows are sealed in one transaction" },
    { "--check",       "write nothing: status 1 where something is otherwise" },
    { "--crl",         "a CRL of the same authority, which must say the same of the certificate" },
    { "--dead",        "what was given up, and why" },
    { "--email",       "the administrator's address" },
    { "--failing",     "only those whose last message was not taken, and why" },
    { "--first-name",  "the administrator's first name; without it, the username" },
    { "--heads",       "the file of heads that is kept outside the database" },
    { "--issuer",      "the certificate of the authority that has signed it" },
    { "--journal",     "a journal of an issuer; once for each" },
    { "--json",        "for programs: an array of objects, or one object; members are the headings in lower case" },
    { "--lane",        "only jobs of this lane: issue, dcv, caa, mail ... (chancery status lists them)" },
    { "--last-name",   "the administrator's last name" },
    { "--limit",       "at most so many rows, 100 unless it is said" },
    { "--no-logs",     "a list without logs is meant, though there was one with logs before" },
    { "--passwords",   "folder with a file SERVICE.password for each role whose password is to be set" },
    { "--perspective", "the name of another point of view, which gets a key, too; once for each" },
    { "--policy",      "the folder of the policy; without it, that which was installed with this program, else ./policy" },
    { "--product",     "a product by its name, such as ssl_dv_geotrust" },
    { "--profile",     "the file of policy/profiles/ by which a certificate is judged; tls-dv unless it is said" },
    { "--reason",      "how it is known, for the audit log" },
    { "--role",        "what the key may do, by the number of a role; without it, what its user may" },
    { "--scope",       "whose rules: TLS; CA: of certificates of authorities; PRIV: of private ones" },
    { "--since",       "from this day on: 2027-03-15, or 2027-03-15T12:00:00Z" },
    { "--status",      "only orders that are pending, issued ...; a wrong one names all" },
    { "--subject",     "only rows about this: order/N, key/N, user/N, account/N, authority/ID ..." },
    { "--unassigned",  "an OCSP response about a number that no certificate has" },
    { "--url",         "the address of the CRL, as the certificates have it" },
    { "--user",        "only of this user, by its number (chancery user list)" },
    { "--username",    "the administrator's name" },
};
// clang-format on

const char *help_option(const char *name)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(options[i].name, name) == 0)
            return options[i].words;
    return NULL;
}

/* ---- one command */

/* "--limit N", as it stands in `arguments`; `name` where it takes no value. */
static const char *option_shown(struct arena *a, const char *arguments, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = arguments; (at = strstr(at, name)); at += length)
        if (at[length] == ' ')
            return arena_strndup(a, at, length + 1 + strcspn(at + length + 1, " ]"));
    return name;
}

static void options_add(struct text *out, const struct command *c, size_t width)
{
    struct arena *a = out->arena;
    for (const char *at = c->options ? c->options : ""; *at; at += strspn(at, "= ")) {
        size_t length = strcspn(at, "= ");
        const char *name = arena_strndup(a, at, length), *words = help_option(name);
        const char *shown = at[length] == '=' ? option_shown(a, c->arguments, name) : name;
        if (words) {
            text_format(out, "%*s%s\n", INDENT, "", shown);
            fold_add(out, words, DEEPER, width);
        }
        at += length;
    }
}

static void command_add(struct text *out, const struct command *c, size_t width)
{
    text_format(out, "  %s%s%s\n", c->words, *c->arguments ? " " : "", c->arguments);
    fold_add(out, c->help, INDENT, width);
}

/* ---- several */

/* Is it `group` itself, or one of its commands? */
static bool in_group(const struct command *c, const char *group)
{
    size_t length = strlen(group);
    return strncmp(c->words, group, length) == 0 && (!c->words[length] || c->words[length] == ' ');
}

static int group_add(struct text *out, const struct command *commands, const char *group,
                     size_t width)
{
    const struct command *last = NULL;
    int count = 0;
    for (const struct command *c = commands; c->words; c++)
        if (in_group(c, group)) {
            command_add(out, c, width);
            last = c;
            count++;
        }
    if (count == 1)
        options_add(out, last, width);
    return count;
}

int help_group(const struct command *commands, const char *group, FILE *out)
{
    struct arena a;
    struct text text;
    arena_init(&a);
    text_init(&text, &a);
    int count = group_add(&text, commands, group, fold_width(out));
    fputs(text.data, out);
    arena_free(&a);
    return count;
}

static const char *first_word(struct arena *a, const struct command *c)
{
    return arena_strndup(a, c->words, strcspn(c->words, " "));
}

/* No row before it begins with the same word. */
static bool is_first(const struct command *commands, const struct command *c, const char *word)
{
    for (; commands < c; commands++)
        if (in_group(commands, word))
            return false;
    return true;
}

static void all_add(struct text *out, const struct command *commands, size_t width)
{
    for (const struct command *c = commands; c->words; c++) {
        const char *word = first_word(out->arena, c);
        if (!is_first(commands, c, word))
            continue;
        for (const struct command *of = commands; of->words; of++)
            if (in_group(of, word))
                command_add(out, of, width);
        text_add_char(out, '\n');
    }
}

void help_all(const struct command *commands, FILE *out)
{
    struct arena a;
    struct text text;
    size_t width = fold_width(out);
    arena_init(&a);
    text_init(&text, &a);
    text_add(&text, "chancery COMMAND | COMMAND --help | --version\n\n");
    fold_add(
        &text,
        "What the operator of a Chancery does by hand. COMMAND --help tells what its options mean.",
        0, width);
    text_add_char(&text, '\n');
    all_add(&text, commands, width);
    fold_add(
        &text,
        "CHANCERY_DATABASE_URL, or the file that CHANCERY_DATABASE_URL_FILE names, says where the "
        "database is; migrate takes CHANCERY_ADMIN_DATABASE_URL. Status 0: done. 1: it failed, or "
        "found what it looks for. 2: the words make no sense. More is told in "
        "docs/guide/command.md.",
        0, width);
    fputs(text.data, out);
    arena_free(&a);
}
