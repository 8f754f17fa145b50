#include "ledger/transparency.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>

/* A log is a word: its operator's letter, r (RFC 6962) or s (static), perhaps a number. */
enum { WORDS_MAX = 12 };

static struct arena arena;

static const struct ct_log *log_of(const char *word)
{
    static const struct ct_log *known[64];
    static size_t count;
    struct ct_log *log;

    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i]->description, word) == 0)
            return known[i];
    log = arena_new(&arena, struct ct_log);
    log->operator_name = arena_strndup(&arena, word, 1);
    log->description = arena_strdup(&arena, word);
    log->tiled = word[1] == 's';
    assert_true(count < sizeof known / sizeof known[0]);
    return known[count++] = log;
}

struct row_logs {
    const struct ct_log *logs[WORDS_MAX];
    bool have[WORDS_MAX], failed[WORDS_MAX];
    size_t count;
};

/* "Gr Cs+ Ls-": Cs has promised, Ls has failed. */
static struct row_logs read_words(const char *text)
{
    struct row_logs out = { 0 };
    char word[8];
    int used;

    for (; sscanf(text, " %7s%n", word, &used) == 1; text += used) {
        char *mark = strpbrk(word, "+-");
        out.have[out.count] = mark && *mark == '+';
        out.failed[out.count] = mark && *mark == '-';
        if (mark)
            *mark = '\0';
        assert_true(out.count < WORDS_MAX);
        out.logs[out.count++] = log_of(word);
    }
    return out;
}

static void add(struct text *t, const struct ct_log *log)
{
    text_format(t, "%s%s", t->length ? " " : "", log->description);
}

static const struct {
    struct ct_need need;
    const char *have, *chosen;
} choices[] = {
    { { 2, 2, 1 }, "", "" },
    { { 2, 2, 1 }, "Gr", "" },
    { { 2, 2, 1 }, "Gr Cs", "Gr Cs" },
    { { 2, 2, 1 }, "Gr Cr", "Gr Cr" },
    { { 2, 2, 1 }, "Gr Gs", "" },     /* one operator */
    { { 2, 2, 1 }, "Gr Gr2 Gs", "" }, /* still */
    { { 2, 2, 1 }, "Gs Cs", "" },     /* static logs only */
    { { 2, 2, 1 }, "Gs Cs Ls", "" },  /* still */
    { { 2, 2, 0 }, "Gs Cs Ls", "Gs Cs" },
    { { 2, 2, 1 }, "Gs Cs Lr", "Gs Lr" },
    { { 2, 2, 1 }, "Gr Gs Cs", "Gr Cs" },
    { { 2, 2, 1 }, "Gs Gr Cs", "Gr Cs" },
    { { 2, 2, 1 }, "Gr Gr", "" }, /* one log twice */
    { { 2, 1, 0 }, "Gs Gs", "" },
    { { 3, 2, 1 }, "Gr Cs", "" },
    { { 3, 2, 1 }, "Gr Gs Cs", "Gr Gs Cs" },
    { { 3, 2, 1 }, "Gr Gs Gs2", "" },
    { { 3, 2, 1 }, "Gr Gs Gs2 Cs", "Gr Gs Cs" },
    { { 3, 2, 1 }, "Gr Cs Ls Xs", "Gr Cs Ls" },
    { { 3, 2, 1 }, "Gs Cs Ls Xr", "Gs Cs Xr" },
    { { 3, 3, 1 }, "Gr Cs Cs2", "" },
    { { 2, 2, 2 }, "Gr Gr2 Cs", "Gr Gr2 Cs" }, /* three, since two do not do */
    { { 2, 2, 2 }, "Gr Gr2 Cr", "Gr Cr" },
    { { 1, 3, 0 }, "Gs Cs Ls", "Gs Cs Ls" },
    { { 0, 0, 0 }, "Gr Cs", "" },
};

static void promises_are_chosen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        struct row_logs in = read_words(choices[i].have);
        bool chosen[WORDS_MAX];
        struct text t;
        size_t count = ct_choose(&choices[i].need, in.logs, in.count, chosen), said = 0;
        text_init(&t, &arena);
        for (size_t j = 0; j < in.count; j++)
            if (chosen[j] && ++said)
                add(&t, in.logs[j]);
        if (strcmp(t.data, choices[i].chosen) != 0 || count != said)
            fail_msg("of %s: %s (%zu), not %s", choices[i].have, t.data, count, choices[i].chosen);
    }
}

static const struct {
    struct ct_need need;
    const char *logs, *asked;
} questions[] = {
    { { 2, 2, 1 }, "", "" },
    { { 2, 2, 1 }, "Gr Cs Ls", "Gr Cs" },
    { { 2, 2, 1 }, "Gr Gs Ls", "Gr Ls" },    /* another operator first */
    { { 2, 2, 1 }, "Gs Cs Ls Lr", "Gs Lr" }, /* one of RFC 6962 is needed */
    { { 2, 2, 1 }, "Gr+ Gs Cs", "Cs" },
    { { 2, 2, 1 }, "Gs+ Cs Lr", "Lr" },
    { { 2, 2, 1 }, "Gr+ Cs-", "" }, /* nobody else can be asked */
    { { 2, 2, 1 }, "Gr+ Cs- Ls", "Ls" },
    { { 2, 2, 1 }, "Gr- Cs Lr", "Cs Lr" },
    { { 2, 2, 1 }, "Gs+ Cs+ Ls Xr", "Xr" }, /* enough, and too much alike */
    { { 2, 2, 1 }, "Gr+ Cs+ Ls", "" },      /* enough */
    { { 2, 2, 1 }, "Gr+ Gs+ Gs2 Cs", "Cs" },
    { { 2, 2, 1 }, "Gr Gs", "Gr Gs" }, /* as far as it can be */
    { { 2, 2, 1 }, "Gs Cs", "Gs Cs" },
    { { 3, 2, 1 }, "Gr Gs Cs Ls", "Gr Cs Ls" }, /* three operators where there are three */
    { { 3, 2, 1 }, "Gr Gs Cs", "Gr Gs Cs" },
    { { 3, 2, 1 }, "Gr+ Gs Cs+", "Gs" },
    { { 3, 2, 1 }, "Gr- Gs Cs+ Ls", "Gs Ls" },
    { { 0, 0, 0 }, "Gr Cs", "" },
};

static void logs_are_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        struct row_logs in = read_words(questions[i].logs);
        size_t ask[WORDS_MAX];
        struct text t;
        size_t count =
            ct_ask(&questions[i].need, in.logs, in.count, in.have, in.failed, ask, WORDS_MAX);
        text_init(&t, &arena);
        for (size_t j = 0; j < count; j++)
            add(&t, in.logs[ask[j]]);
        if (strcmp(t.data, questions[i].asked) != 0)
            fail_msg("of %s: %s, not %s", questions[i].logs, t.data, questions[i].asked);
    }
}

static void no_more_are_asked_than_there_is_room(void **state)
{
    struct row_logs in = read_words("Gr Cs Ls");
    size_t ask[WORDS_MAX] = { 9, 9, 9 };

    (void)state;
    assert_int_equal(
        ct_ask(&(struct ct_need){ 3, 2, 1 }, in.logs, in.count, in.have, in.failed, ask, 1), 1);
    assert_int_equal(ask[0], 0);
    assert_int_equal(ask[1], 9);
}

/* ---- every choice against the one that trying all subsets finds */

static bool enough(const struct ct_need *need, const struct row_logs *in, unsigned set)
{
    unsigned scts = 0, rfc6962 = 0, operators = 0;
    bool seen[256] = { false };

    for (size_t i = 0; i < in->count; i++) {
        if (!(set >> i & 1))
            continue;
        unsigned char operator=(unsigned char) in->logs[i]->operator_name[0];
        scts++;
        rfc6962 += !in->logs[i]->tiled;
        operators += !seen[operator];
        seen[operator] = true;
    }
    return scts >= need->scts && rfc6962 >= need->rfc6962 && operators >= need->operators;
}

/* 0: no subset of `there` is enough. */
static size_t fewest(const struct ct_need *need, const struct row_logs *in, unsigned there)
{
    size_t best = 0;

    for (unsigned set = 1; set < 1U << in->count; set++) {
        size_t size = (size_t)__builtin_popcount(set);
        if ((set & ~there) == 0 && enough(need, in, set) && (best == 0 || size < best))
            best = size;
    }
    return best;
}

static void try_all(const struct ct_need *need, const struct row_logs *in)
{
    for (unsigned there = 0; there < 1U << in->count; there++) {
        const struct ct_log *have[WORDS_MAX];
        bool chosen[WORDS_MAX];
        unsigned set = 0;
        size_t count = 0, at[WORDS_MAX];
        for (size_t i = 0; i < in->count; i++)
            if (there >> i & 1) {
                at[count] = i;
                have[count++] = in->logs[i];
            }
        size_t got = ct_choose(need, have, count, chosen);
        for (size_t i = 0; i < count; i++)
            set |= chosen[i] ? 1U << at[i] : 0;
        if (got != fewest(need, in, there) || (size_t)__builtin_popcount(set) != got ||
            (got > 0 && !enough(need, in, set)))
            fail_msg("need %u %u %u of %x: %zu", need->scts, need->operators, need->rfc6962, there,
                     got);
    }
}

static void no_choice_is_larger_than_the_smallest(void **state)
{
    struct row_logs in = read_words("Gr Gs Gr2 Cr Cs Ls Lr");

    (void)state;
    for (unsigned scts = 1; scts <= 4; scts++)
        for (unsigned operators = 0; operators <= 3; operators++)
            for (unsigned rfc6962 = 0; rfc6962 <= 3; rfc6962++)
                try_all(&(struct ct_need){ scts, operators, rfc6962 }, &in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_are_chosen),
        cmocka_unit_test(logs_are_asked),
        cmocka_unit_test(no_more_are_asked_than_there_is_room),
        cmocka_unit_test(no_choice_is_larger_than_the_smallest),
    };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
