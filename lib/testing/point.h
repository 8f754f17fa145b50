/* point - labelled places where a test can kill or stop this process. Nothing in a release build.
 *
 *     TEST_POINT("issuer.c2.committed");
 *
 * In builds with -DTESTING, when the folder that CHANCERY_TEST_POINTS names has a file of that
 * label, the file is removed and the process gets the signal that it holds: "kill" or "stop".
 * Every label is collected at link time; `chancery-SERVICE --test-points` prints them.
 */
#ifndef TESTING_POINT_H
#define TESTING_POINT_H

#ifdef TESTING

struct test_point {
    const char *label;
};

void test_point_reached(const char *label);
void test_points_print(void);

#define TEST_POINT(label_)                                                                         \
    do {                                                                                           \
        static const struct test_point point_                                                      \
            __attribute__((section("test_points"), used)) = { label_ };                            \
        test_point_reached(point_.label);                                                          \
    } while (0)

#else

#define TEST_POINT(label_)                                                                         \
    do {                                                                                           \
    } while (0)

#endif
#endif
