#include "base/turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 400, PARTIES = 7 };

/* One that waits: named by its asker and its place, a letter each, and its number among them. */
struct work {
    struct turns_item turn;
    char name[8];
    bool begun;
};

static struct work works[ITEMS];
static size_t count;

static struct work *put_as(struct turns *t, const char *name, int weight, enum turns_taken expected)
{
    struct work *w = &works[count++];
    char asker[2] = { name[0] }, place[2] = { name[1] };

    *w = (struct work){ .turn.weight = weight };
    snprintf(w->name, sizeof w->name, "%s", name);
    assert_int_equal(turns_put(t, &w->turn, asker, place), expected);
    return w;
}

/* "Ax1 By1": in this order. */
static void put(struct turns *t, const char *names)
{
    char text[256], *rest = NULL;

    snprintf(text, sizeof text, "%s", names);
    for (char *n = strtok_r(text, " ", &rest); n; n = strtok_r(NULL, " ", &rest))
        put_as(t, n, 1, TURNS_TAKEN);
}

static struct work *named(const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(works[i].name, name) == 0)
            return &works[i];
    fail_msg("nobody is called %s", name);
    return NULL;
}

/* Who may go now, in the order in which they go. */
static const char *next_all(struct turns *t)
{
    static char text[256];
    struct turns_item *item;

    text[0] = '\0';
    while ((item = turns_next(t))) {
        struct work *w = (struct work *)(void *)item;
        size_t at = strlen(text);

        w->begun = true;
        snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "", w->name);
    }
    return text;
}

static const char *done(struct turns *t, const char *name)
{
    turns_done(t, &named(name)->turn);
    named(name)->begun = false;
    return next_all(t);
}

static struct turns *begin(struct turns_options options)
{
    count = 0;
    return turns_new(&options);
}

static void end(struct turns *t)
{
    for (size_t i = 0; i < count; i++) {
        if (works[i].begun)
            turns_done(t, &works[i].turn);
        else if (turns_waits(&works[i].turn))
            turns_drop(t, &works[i].turn);
    }
    turns_free(t);
}

static void askers_and_their_places_take_turns(void **state)
{
    struct turns *t = begin((struct turns_options){ 0 });

    (void)state;
    put(t, "Ax1 Ax2 Ax3 Ay1 Bx1 Bx2 Cz1");
    assert_string_equal(next_all(t), "Ax1 Bx1 Cz1 Ay1 Bx2 Ax2 Ax3");
    end(t);
}

static void nobody_has_more_than_his_share(void **state)
{
    struct turns *t = begin((struct turns_options){ .most = 4, .most_asker = 2 });

    (void)state;
    put(t, "Ax1 Ax2 Ax3 Ax4");
    assert_string_equal(next_all(t), "Ax1 Ax2");
    put(t, "Bx1 Cx1 Dx1");
    assert_string_equal(next_all(t), "Bx1 Cx1");
    assert_string_equal(done(t, "Ax1"), "Dx1");
    assert_string_equal(done(t, "Ax2"), "Ax3");
    end(t);
}

/* Whoever asks: a place is a stranger's machine. */
static void a_place_has_no_more_than_it_takes(void **state)
{
    struct turns *t = begin((struct turns_options){ .most_place = 2 });

    (void)state;
    put(t, "Ax1 Ax2 Bx1 Cx1 Ay1 By1");
    assert_string_equal(next_all(t), "Ax1 Bx1 Ay1 By1");
    assert_string_equal(done(t, "Ax1"), "Cx1");
    assert_string_equal(done(t, "Cx1"), "Ax2");
    assert_string_equal(done(t, "By1"), "");
    end(t);
}

/* Who cannot follow the call of a place, since he has his share elsewhere, holds nobody up, whether
 * that was so when he was called or came after. */
static void a_full_asker_holds_no_place(void **state)
{
    struct turns *t = begin((struct turns_options){ .most_asker = 2, .most_place = 1 });

    (void)state;
    put(t, "Bx1 Ax1 Ay1 Az1 Cx1");
    assert_string_equal(next_all(t), "Bx1 Ay1 Az1");
    assert_string_equal(done(t, "Bx1"), "Cx1");
    assert_string_equal(done(t, "Ay1"), "");
    put(t, "Dx1 Aw1");
    assert_string_equal(next_all(t), "Aw1");
    turns_done(t, &named("Cx1")->turn);
    named("Cx1")->begun = false;
    assert_string_equal(next_all(t), "Dx1");
    assert_string_equal(done(t, "Dx1"), "");
    assert_string_equal(done(t, "Az1"), "Ax1");
    end(t);
}

static void the_call_of_one_who_fills_up_goes_to_the_next(void **state)
{
    struct turns *t = begin((struct turns_options){ .most_asker = 1, .most_place = 1 });

    (void)state;
    put(t, "Bx1");
    assert_string_equal(next_all(t), "Bx1");
    put(t, "Ax1 Cx1");
    assert_string_equal(next_all(t), "");
    put(t, "Ay1");
    turns_done(t, &named("Bx1")->turn); /* calls A, who may go to y first */
    named("Bx1")->begun = false;
    assert_string_equal(next_all(t), "Ay1 Cx1");
    assert_string_equal(done(t, "Cx1"), "");
    assert_string_equal(done(t, "Ay1"), "Ax1");
    end(t);
}

static void who_is_called_and_goes_away_holds_nobody_up(void **state)
{
    struct turns *t = begin((struct turns_options){ .most_place = 1 });

    (void)state;
    put(t, "Ax1 Bx1 Cx1 Cx2");
    assert_string_equal(next_all(t), "Ax1");
    turns_done(t, &named("Ax1")->turn); /* calls B */
    named("Ax1")->begun = false;
    turns_drop(t, &named("Bx1")->turn);
    assert_false(turns_waits(&named("Bx1")->turn));
    assert_string_equal(next_all(t), "Cx1");
    turns_drop(t, &named("Cx2")->turn);
    assert_string_equal(done(t, "Cx1"), "");
    end(t);
}

static void weight_counts(void **state)
{
    struct turns *t =
        begin((struct turns_options){ .most = 10, .most_asker = 5, .waiting_asker = 12 });

    (void)state;
    put_as(t, "Ax1", 4, TURNS_TAKEN);
    put_as(t, "Ax2", 9, TURNS_TAKEN); /* below its limit A may take what is heavier than it */
    put_as(t, "Ax3", 1, TURNS_ASKER_FULL);
    put(t, "Bx1");
    assert_string_equal(next_all(t), "Ax1 Bx1 Ax2");
    put(t, "Cx1");
    assert_string_equal(next_all(t), "");
    assert_string_equal(done(t, "Ax2"), "Cx1");
    end(t);
}

static void too_many_are_not_taken(void **state)
{
    struct turns *t =
        begin((struct turns_options){ .most_place = 1, .waiting_asker = 4, .waiting_place = 3 });

    (void)state;
    put(t, "Ax1 Ax2 Bx1");
    assert_string_equal(next_all(t), "Ax1");
    put_as(t, "Bx2", 1, TURNS_PLACE_FULL);
    put(t, "Ay1 Az1");
    put_as(t, "Aw1", 1, TURNS_ASKER_FULL);
    assert_false(turns_waits(&named("Aw1")->turn));
    assert_string_equal(done(t, "Ax1"), "Ay1 Bx1 Az1");
    put(t, "Ax3");
    end(t);
}

/* Keys that are too long are told apart by what is kept of them, and are no fault. */
static void long_keys_are_cut(void **state)
{
    struct turns *t = begin((struct turns_options){ .most_place = 1 });
    char place[2 * TURNS_KEY_SIZE];

    (void)state;
    memset(place, 'x', sizeof place - 1);
    place[sizeof place - 1] = '\0';
    assert_int_equal(turns_put(t, &works[0].turn, "", place), TURNS_TAKEN);
    place[sizeof place - 2] = 'y';
    assert_int_equal(turns_put(t, &works[1].turn, "", place), TURNS_TAKEN);
    assert_ptr_equal(turns_next(t), &works[0].turn);
    assert_null(turns_next(t));
    turns_drop(t, &works[1].turn);
    turns_done(t, &works[0].turn);
    turns_free(t);
}

/* ---- whatever happens */

static const struct turns_options narrow = { .most = 20, .most_asker = 6, .most_place = 5 };
static uint32_t dice;

static uint32_t roll(uint32_t sides)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 16) % sides;
}

static int active(size_t at, char letter)
{
    int n = 0;

    for (size_t i = 0; i < count; i++)
        n += works[i].begun && (at == 2 || works[i].name[at] == letter);
    return n;
}

static bool could_go(const struct work *w)
{
    return turns_waits(&w->turn) && active(2, 0) < narrow.most &&
           active(0, w->name[0]) < narrow.most_asker && active(1, w->name[1]) < narrow.most_place;
}

static void step(struct turns *t)
{
    struct work *w = &works[roll(ITEMS)];
    char asker[2] = { (char)('A' + roll(PARTIES)) }, place[2] = { (char)('a' + roll(PARTIES)) };

    if (w->begun) {
        turns_done(t, &w->turn);
        w->begun = false;
    } else if (turns_waits(&w->turn)) {
        turns_drop(t, &w->turn);
    } else {
        snprintf(w->name, sizeof w->name, "%s%s", asker, place);
        assert_int_equal(turns_put(t, &w->turn, asker, place), TURNS_TAKEN);
    }
}

/* No limit is passed, and nobody waits who could go. */
static void limits_hold_and_nobody_is_forgotten(void **state)
{
    struct turns *t = begin(narrow);
    struct turns_item *item;

    (void)state;
    memset(works, 0, sizeof works);
    count = ITEMS;
    dice = 1;
    for (int i = 0; i < 20000; i++) {
        step(t);
        for (int n = (int)roll(3); n > 0 && (item = turns_next(t)); n--) {
            struct work *w = (struct work *)(void *)item;

            assert_false(w->begun);
            w->begun = true;
            assert_in_range(active(2, 0), 1, narrow.most);
            assert_in_range(active(0, w->name[0]), 1, narrow.most_asker);
            assert_in_range(active(1, w->name[1]), 1, narrow.most_place);
        }
        if (i % 16)
            continue;
        next_all(t);
        for (size_t k = 0; k < count; k++)
            assert_false(could_go(&works[k]));
    }
    end(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(askers_and_their_places_take_turns),
        cmocka_unit_test(nobody_has_more_than_his_share),
        cmocka_unit_test(a_place_has_no_more_than_it_takes),
        cmocka_unit_test(a_full_asker_holds_no_place),
        cmocka_unit_test(the_call_of_one_who_fills_up_goes_to_the_next),
        cmocka_unit_test(who_is_called_and_goes_away_holds_nobody_up),
        cmocka_unit_test(weight_counts),
        cmocka_unit_test(too_many_are_not_taken),
        cmocka_unit_test(long_keys_are_cut),
        cmocka_unit_test(limits_hold_and_nobody_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
