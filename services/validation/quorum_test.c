/* Which perspectives count, and when those who agree are enough. */
#include "quorum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- distances */

#define FRANKFURT "50.11,8.68"
#define AMSTERDAM "52.37,4.90"
#define ASHBURN   "38.95,-77.45"
#define SINGAPORE "1.35,103.82"
#define SAO_PAULO "-23.55,-46.63"
#define SYDNEY    "-33.87,151.21"

// clang-format off
static const struct {
    const char *a, *b;
    double km; /* of the chord */
} distances[] = {
    { FRANKFURT, FRANKFURT, 0 },
    { FRANKFURT, AMSTERDAM, 363 },
    { FRANKFURT, ASHBURN, 6268 },
    { "0,0", "0,180", 12742 },   /* through the Earth */
    { "90,0", "-90,77", 12742 },
    { "0,179.9", "0,-179.9", 22 }, /* where the days meet they are near */
    { "90,10", "90,-170", 0 },
    { "0,0", "0,4.4974", 500 },
};
// clang-format on

static struct place place_of(const char *text)
{
    struct place p;

    if (!place_read(text, &p))
        fail_msg("%s", text);
    return p;
}

static void distances_are_straight_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        double km = place_apart_km(place_of(distances[i].a), place_of(distances[i].b));
        double back = place_apart_km(place_of(distances[i].b), place_of(distances[i].a));

        if (fabs(km - distances[i].km) > 1 || fabs(km - back) > 0.001)
            fail_msg("%s to %s: %.1f km", distances[i].a, distances[i].b, km);
    }
}

static void places_are_two_numbers(void **state)
{
    static const char *const bad[] = { "",        "1",   "1,",    ",1",      "91,0", "-90.1,0",
                                       "0,180.1", "a,b", "nan,0", "0x1,0",   "1 ,2", "1,2 ",
                                       "1,2,3",   "1;2", "1,-",   "inf,inf", " 1,2", "1.2.3,4" };
    struct place p;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (place_read(bad[i], &p))
            fail_msg("\"%s\" is a place", bad[i]);
    assert_true(place_read("-90,180", &p));
    assert_true(p.north == -90 && p.east == 180);
}

/* ---- the setting */

// clang-format off
static const struct {
    const char *text, *says;
} wrong[] = {
    { "fra", "is not NAME=REGION,NORTH,EAST" },
    { "fra=RIPE", "is not NAME=REGION,NORTH,EAST" },
    { "fra=RIPE,50", "has no place" },
    { "fra=EUROPE,50,8", "is in no region" },
    { "FRA=RIPE,50,8", "has no name" },
    { "-a=RIPE,50,8", "has no name" },
    { "=RIPE,50,8", "has no name" },
    { "a-name-of-eighteen=RIPE,50,8", "has no name" },
    { "fra=RIPE,50,8 fra=ARIN,0,0", "names a perspective twice" },
    { "fra=RIPE,50.00000000000000000000000000000000000000000000000000000000000000000000000000000000000001,8", "is not" },
    { "a=RIPE,1,1 b=RIPE,1,1 c=RIPE,1,1 d=RIPE,1,1 e=RIPE,1,1 f=RIPE,1,1 g=RIPE,1,1 h=RIPE,1,1 i=RIPE,1,1"
      " j=RIPE,1,1 k=RIPE,1,1 l=RIPE,1,1 m=RIPE,1,1 n=RIPE,1,1 o=RIPE,1,1 p=RIPE,1,1 q=RIPE,1,1", "one too many" },
};
// clang-format on

static void the_setting_is_read_whole_or_refused(void **state)
{
    struct perspectives all = { 0 };
    struct fault f = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (perspectives_read(wrong[i].text, &all, &f))
            fail_msg("%s", wrong[i].text);
        assert_string_equal(f.field, "PERSPECTIVES");
        if (!strstr(f.detail, wrong[i].says))
            fail_msg("%s: %s", wrong[i].text, f.detail);
    }
    assert_true(perspectives_read("  fra=RIPE," FRANKFURT "  iad-2=ARIN," ASHBURN " ", &all, &f));
    assert_int_equal(all.count, 2);
    assert_string_equal(all.all[1].id, "iad-2");
    assert_string_equal(all.all[1].service, "perspective-iad-2");
    assert_string_equal(all.all[1].region, "ARIN");
    assert_true(perspectives_read("", &all, &f));
    assert_int_equal(all.count, 0);
}

/* ---- who counts */

static const QuorumRules far_apart = { .has_apart_km = true, .apart_km = 500 };

// clang-format off
static const struct {
    const char *primary, *all, *chosen;
} choices[] = {
    { FRANKFURT, "", "" },
    { FRANKFURT, "iad=ARIN," ASHBURN " sin=APNIC," SINGAPORE, "iad sin " },
    { FRANKFURT, "ams=RIPE," AMSTERDAM " iad=ARIN," ASHBURN, "iad " },            /* too near to the primary */
    { ASHBURN, "fra=RIPE," FRANKFURT " ams=RIPE," AMSTERDAM " sin=APNIC," SINGAPORE, "fra sin " },
    { ASHBURN, "ams=RIPE," AMSTERDAM " fra=RIPE," FRANKFURT, "ams " },            /* the first of two counts */
    { "0,0", "a=RIPE,0,4.4969", "" },                                             /* 499.9 km */
    { "0,0", "a=RIPE,0,4.4984", "a " },                                           /* 500.1 km */
    { "0,0", "a=RIPE,0,5 b=RIPE,0,9 c=RIPE,0,10", "a c " },                       /* b is near a, not c */
};
// clang-format on

static void near_ones_are_one(void **state)
{
    size_t chosen[PERSPECTIVES_MAX];
    struct perspectives all = { 0 };
    struct fault f;

    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        char got[100] = "";

        assert_true(perspectives_read(choices[i].all, &all, &f));
        all.primary = place_of(choices[i].primary);
        size_t count = quorum_choose(&far_apart, &all, chosen);
        for (size_t k = 0; k < count; k++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s ", all.all[chosen[k]].id);
        assert_string_equal(got, choices[i].chosen);
    }
    /* No rule, no distance. */
    assert_true(perspectives_read("a=RIPE,0,0 b=RIPE,0,0", &all, &f));
    assert_int_equal(quorum_choose(&(QuorumRules){ 0 }, &all, chosen), 2);
}

/* ---- are they enough? */

static QuorumRules rules_of(int remotes, int regions)
{
    return (QuorumRules){ .remotes = remotes,
                          .blocks = true,
                          .has_regions = regions > 0,
                          .regions = regions,
                          .has_misses_2_5 = true,
                          .misses_2_5 = 1,
                          .has_misses_6plus = true,
                          .misses_6plus = 2 };
}

/* Who is asked, a letter each: R, A, P agree, of RIPE, ARIN and APNIC; in lower case they do not. The phases
 * are those of rule mpic.remotes. */
// clang-format off
static const struct {
    int remotes, regions;
    const char *asked;
    bool reached;
} quorums[] = {
    /* p1, p2: two are asked, one may miss, wherever they are. */
    { 2, 0, "RR", true },   { 2, 0, "Rr", true },     { 2, 0, "rr", false },  { 2, 0, "R", false },
    { 2, 0, "", false },    { 2, 0, "RRr", true },    { 2, 0, "Rrr", false },
    /* p3: three, and those who agree lie in two regions. */
    { 3, 2, "RAP", true },  { 3, 2, "RAp", true },    { 3, 2, "RRR", false }, { 3, 2, "RRa", false },
    { 3, 2, "RA", false },  { 3, 2, "RRA", true },    { 3, 2, "Rap", false }, { 3, 2, "RrA", true },
    /* p4 */
    { 4, 2, "RAPR", true }, { 4, 2, "RAPr", true },   { 4, 2, "RApr", false }, { 4, 2, "RAP", false },
    { 4, 2, "RRRa", false },
    /* p5; and of six two may miss, by the number that is asked. */
    { 5, 2, "RAPRA", true }, { 5, 2, "RAPRa", true }, { 5, 2, "RAPra", false }, { 5, 2, "RAPR", false },
    { 5, 2, "RAPRap", true }, { 5, 2, "RAPrap", false }, { 4, 2, "RAPrap", false }, { 5, 2, "RAPRAPR", true },
    { 5, 2, "RAPRAaap", false },
};
// clang-format on

static bool reached(const QuorumRules *rules, const char *asked)
{
    static const char letters[] = "RAP";
    static const struct perspective by[] = { { .region = "RIPE" },
                                             { .region = "ARIN" },
                                             { .region = "APNIC" } };
    const struct perspective *agreed[PERSPECTIVES_MAX];
    struct quorum_count count = { 0 };

    for (; *asked; asked++) {
        const char *at = strchr(letters, *asked & ~0x20);

        quorum_add(&count, agreed, &by[at - letters], !(*asked & 0x20));
    }
    return quorum_reached(rules, &count);
}

static void enough_is_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof quorums / sizeof *quorums; i++) {
        QuorumRules rules = rules_of(quorums[i].remotes, quorums[i].regions);

        if (reached(&rules, quorums[i].asked) != quorums[i].reached)
            fail_msg("%s, where %d are asked", quorums[i].asked, quorums[i].remotes);
    }
}

/* Where no rule says how many may miss, none may. */
static void without_a_rule_nobody_may_miss(void **state)
{
    const QuorumRules rules = { .remotes = 2 };

    (void)state;
    assert_true(reached(&rules, "RR"));
    assert_false(reached(&rules, "RRr"));
    assert_false(reached(&rules, "RRRRRRRr"));
}

static void methods_are_whole_sections(void **state)
{
    const QuorumRules rules = { .exempt = (char[]){ "3.2.2.4.4 3.2.2.4.12" } };

    (void)state;
    assert_false(quorum_needed(&rules, "3.2.2.4.4"));
    assert_false(quorum_needed(&rules, "3.2.2.4.12"));
    assert_true(quorum_needed(&rules, "3.2.2.4.1"));
    assert_true(quorum_needed(&rules, "3.2.2.4.7"));
    assert_true(quorum_needed(&rules, ""));
    assert_true(quorum_needed(&(QuorumRules){ 0 }, "3.2.2.4.4"));
    assert_false(quorum_needed(NULL, "3.2.2.4.7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_straight_lines),
        cmocka_unit_test(places_are_two_numbers),
        cmocka_unit_test(the_setting_is_read_whole_or_refused),
        cmocka_unit_test(near_ones_are_one),
        cmocka_unit_test(enough_is_what_the_table_says),
        cmocka_unit_test(without_a_rule_nobody_may_miss),
        cmocka_unit_test(methods_are_whole_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
