/* clock - business time and elapsed time, which are never mixed.
 *
 * Business time (`instant`) is what dates are compared with; it is passed in as a parameter and
 * can be shifted in test builds. Elapsed time (`tick`) measures waits and deadlines inside one
 * process and cannot be shifted.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// clang-format off
struct instant { int64_t us; };  /* microseconds since 1970-01-01T00:00:00Z */
struct duration { int64_t us; }; /* microseconds, may be negative */
struct tick { int64_t us; };     /* microseconds of CLOCK_MONOTONIC */
// clang-format on

/* Now. In builds with -DTESTING an offset in microseconds (int64_t, host order) is read from the
 * file that CHANCERY_TEST_CLOCK names, mapped once, so that a test can move a running process;
 * it is honoured only after clock_allow_test_offset(). */
struct instant clock_now(void);
void clock_allow_test_offset(void);
struct duration clock_test_offset(void); /* what is added to the machine's time now */

/* The clock of this host as it is, in test builds too: for what is compared with other clocks. */
struct instant clock_real(void);

/* How far it is ahead of the time since boot: changes when it is stepped. */
struct duration clock_lead(void);

/* Whoever compared our clock with one that counts says what was found. From then on it is trusted
 * as long as it was right, and was not stepped by more than the tolerance since. Who was never told
 * trusts it. Any thread. */
#define CLOCK_TOLERANCE seconds(5)
void clock_judge(bool right);
bool clock_trusted(void);

struct tick tick_now(void);
struct tick tick_after(struct duration wait);    /* now + wait */
struct duration tick_left(struct tick deadline); /* never negative */

struct duration seconds(int64_t n);
struct duration milliseconds(int64_t n);
struct duration days(int64_t n); /* of 86,400 s */
struct instant instant_add(struct instant at, struct duration d);
struct duration instant_since(struct instant later, struct instant earlier);
bool instant_before(struct instant a, struct instant b);
struct instant instant_from_unix(int64_t unix_seconds);
/* The same day and time so many years later; 29 February becomes 1 March where there is none. */
struct instant instant_add_years(struct instant at, int years);
struct instant instant_day(struct instant at); /* its first instant, UTC */

enum { INSTANT_TEXT_SIZE = 40 };

/* "2024-03-01T10:20:30+00:00", seconds precision, UTC. Returns `out`. */
char *instant_text(struct instant at, char out[INSTANT_TEXT_SIZE]);
/* "2024-03-01", UTC. */
char *instant_date(struct instant at, char out[INSTANT_TEXT_SIZE]);

/* Reads RFC 3339 ("Z" or an offset, optional fraction), the same without an offset,
 * "2024-03-01 10:20:30" and "2024-03-01" (all UTC). False if `text` is anything else or no
 * real date. */
bool instant_read(const char *text, struct instant *out);

/* "90s", "15m", "24h", "7d", "250ms". */
bool duration_read(const char *text, struct duration *out);

#endif
