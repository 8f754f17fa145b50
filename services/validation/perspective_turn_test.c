/* Whose turn it is at a point of view that is asked for more than it looks at at a time. */
#include "perspective_turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corroboration.h"
#include "gate.h"
#include "share.h"
#include "sweep.h"
#include "testing/patience.h"

/* What a primary asks for one account at a time at the most: each round weighs SWEEP_AT_ONCE there, and the last may be
 * begun when there is room for less. */
enum { NAMES = 250, ROUNDS = ROUNDS_SHARE / SWEEP_AT_ONCE + 1, RICH = 900, POOR = 901 };

struct question {
    struct perspective_turn turn;
    struct call call;
    int64_t account_id;
};

static struct question *under_way[4000];
static size_t count;       /* under way */
static int begun, refused; /* in all */
static char why[160];

static void over(struct call *call, const ProtobufCMessage *answer)
{
    (void)answer;
    refused++;
    snprintf(why, sizeof why, "%.*s", (int)sizeof why - 1, call->fault.detail);
    free((char *)call - offsetof(struct question, call));
}

static bool look(struct perspective_turn *t)
{
    under_way[count++] = (struct question *)t;
    begun++;
    return true;
}

static void ask_by(int64_t account_id, size_t places, struct tick deadline)
{
    struct question *q = calloc(1, sizeof *q);

    assert_non_null(q);
    q->call.finish = over;
    q->account_id = account_id;
    q->turn = (struct perspective_turn){ .call = &q->call,
                                         .account_id = account_id,
                                         .places = places,
                                         .deadline = deadline,
                                         .look = look };
    perspective_turn_await(&q->turn);
}

static void ask(int64_t account_id, size_t places)
{
    ask_by(account_id, places, tick_after(patience()));
}

/* As corroboration.c does. */
static void ask_round(int64_t account_id)
{
    for (size_t left = NAMES; left > 0;) {
        size_t places = left < PERSPECTIVE_PLACES ? left : PERSPECTIVE_PLACES;

        ask(account_id, places);
        left -= places;
    }
}

static size_t places_of(int64_t account_id)
{
    size_t places = 0;

    for (size_t i = 0; i < count; i++)
        if (under_way[i]->account_id == account_id)
            places += under_way[i]->turn.places;
    return places;
}

/* The one that was begun first. */
static void end_one(void)
{
    struct question *q = under_way[0];

    memmove(&under_way[0], &under_way[1], --count * sizeof *under_way);
    perspective_turn_over(&q->turn);
    free(q);
    gate_leave();
}

static int start(void **state)
{
    (void)state;
    gate_open();
    perspective_turns_open();
    count = 0;
    begun = refused = 0;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    while (count > 0)
        end_one();
    assert_true(gate_close(patience()));
    gate_cut();
    perspective_turns_close();
    return 0;
}

static void what_one_primary_asks_is_never_refused(void **state)
{
    int questions = ROUNDS * ((NAMES + PERSPECTIVE_PLACES - 1) / PERSPECTIVE_PLACES);

    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        ask_round(RICH);
    assert_in_range(places_of(RICH), ROUNDS_SHARE, ROUNDS_SHARE + PERSPECTIVE_PLACES);
    ask(POOR, 1); /* there is room for others */
    assert_int_equal(places_of(POOR), 1);
    while (count > 0)
        end_one();
    assert_int_equal(begun, questions + 1);
    assert_int_equal(refused, 0);
}

/* Where all the room is taken, what is free next is not his who waits with the most. */
static void accounts_take_turns(void **state)
{
    (void)state;
    for (int account = 1; account <= ROUNDS_ROOM / ROUNDS_SHARE + 1; account++)
        for (int i = 0; i < ROUNDS; i++)
            ask_round(account);
    assert_in_range(count, ROUNDS_ROOM / PERSPECTIVE_PLACES, ROUNDS_ROOM);
    ask(POOR, 1);
    assert_int_equal(places_of(POOR), 0);
    for (int ended = 0; places_of(POOR) == 0; ended++) {
        assert_in_range(ended, 0, 10);
        end_one();
    }
}

static void who_waits_no_longer_is_not_looked_for(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        ask_round(RICH);
    int before = begun;
    ask_by(POOR, 1, tick_now());
    assert_int_equal(refused, 1);
    assert_string_equal(why, "its turn did not come in time");
    ask_by(RICH, 1, tick_now());
    assert_int_equal(refused, 1); /* it waits */
    while (count > 0)
        end_one();
    assert_int_equal(refused, 2);
    assert_true(begun > before);
}

static void the_end_of_the_process_ends_what_waits(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        ask_round(RICH);
    int before = begun;
    gate_cut();
    while (count > 0)
        end_one();
    assert_int_equal(begun, before);
    assert_true(refused > 0);
    assert_string_equal(why, "the perspective is stopping");
    assert_true(gate_close(patience()));
    ask(POOR, 1);
    assert_int_equal(begun, before);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(what_one_primary_asks_is_never_refused),
        FRESH(accounts_take_turns),
        FRESH(who_waits_no_longer_is_not_looked_for),
        FRESH(the_end_of_the_process_ends_what_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
