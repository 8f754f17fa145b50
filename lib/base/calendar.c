#include "base/calendar.h"

#include <ctype.h>
#include <string.h>

#define SECOND ((int64_t)1000000)
#define DAY    ((int64_t)86400)

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z, all that RFC 3339 can say. */
#define FIRST_SECOND ((int64_t)-62167219200)
#define LAST_SECOND  ((int64_t)253402300799)

/* Both conversions count in years that begin on 1 March, so that the leap day is the last; see
 * Hinnant, "chrono-compatible low-level date algorithms". 719468 days separate 0000-03-01 from
 * 1970-01-01; an era is 400 years or 146097 days. */
static int64_t days_until(int64_t year, int month, int day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static struct calendar date_after(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t n = shifted - era * 146097;
    int64_t year = (n - n / 1460 + n / 36524 - n / 146096) / 365;
    int64_t day_of_year = n - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct calendar c = { .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
                          .month = (int)(month < 10 ? month + 3 : month - 9) };

    c.year = (int)(year + era * 400) + (c.month <= 2);
    return c;
}

static int64_t whole_second(struct instant at)
{
    int64_t second = at.us / SECOND - (at.us % SECOND < 0);

    if (second < FIRST_SECOND)
        return FIRST_SECOND;
    return second > LAST_SECOND ? LAST_SECOND : second;
}

/* 1 January of the year 0 was a Saturday. */
struct calendar calendar_of(struct instant at)
{
    int64_t since_first = whole_second(at) - FIRST_SECOND;
    int64_t days = since_first / DAY, of_day = since_first % DAY;
    struct calendar c = date_after(days + FIRST_SECOND / DAY);

    c.hour = (int)(of_day / 3600);
    c.minute = (int)(of_day / 60 % 60);
    c.second = (int)(of_day % 60);
    c.weekday = (int)((days + 6) % 7);
    return c;
}

static int days_in_month(int year, int month)
{
    static const unsigned char plain[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : plain[month - 1];
}

static bool within(int least, int value, int most)
{
    return least <= value && value <= most;
}

bool calendar_instant(const struct calendar *c, struct instant *out)
{
    int64_t second = ((int64_t)c->hour * 60 + c->minute) * 60 + c->second;

    if (!within(0, c->year, 9999) || !within(1, c->month, 12) ||
        !within(1, c->day, days_in_month(c->year, c->month)) || !within(0, c->hour, 23) ||
        !within(0, c->minute, 59) || !within(0, c->second, 59))
        return false;
    out->us = (days_until(c->year, c->month, c->day) * DAY + second) * SECOND;
    return true;
}

/* ---- days and years */

struct instant instant_day(struct instant at)
{
    int64_t us = at.us % (DAY * SECOND);

    return (struct instant){ at.us - (us < 0 ? us + DAY * SECOND : us) };
}

/* 29 February of a common year is counted as the day after the 28th. */
struct instant instant_add_years(struct instant at, int years)
{
    struct instant day = instant_day(at);
    struct calendar c = calendar_of(day);

    return (struct instant){ days_until(c.year + years, c.month, c.day) * DAY * SECOND +
                             (at.us - day.us) };
}

/* ---- texts */

/* A number, and what stands behind it. */
static char *put(char *out, int n, int count, char behind)
{
    for (int i = count; i-- > 0; n /= 10)
        out[i] = (char)('0' + n % 10);
    out[count] = behind;
    return out + count + 1;
}

static char *put_date(char *out, const struct calendar *c, char behind)
{
    return put(put(put(out, c->year, 4, '-'), c->month, 2, '-'), c->day, 2, behind);
}

char *instant_text(struct instant at, char out[INSTANT_TEXT_SIZE])
{
    struct calendar c = calendar_of(at);
    char *p = put_date(out, &c, 'T');

    p = put(put(put(p, c.hour, 2, ':'), c.minute, 2, ':'), c.second, 2, '+');
    memcpy(p, "00:00", sizeof "00:00");
    return out;
}

char *instant_date(struct instant at, char out[INSTANT_TEXT_SIZE])
{
    struct calendar c = calendar_of(at);

    put_date(out, &c, '\0');
    return out;
}

/* Exactly `count` digits. */
static bool take_number(const char **text, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static bool take_date(const char **text, struct calendar *c)
{
    return take_number(text, 4, &c->year) && take_char(text, '-') &&
           take_number(text, 2, &c->month) && take_char(text, '-') && take_number(text, 2, &c->day);
}

static bool take_time(const char **text, struct calendar *c)
{
    return take_number(text, 2, &c->hour) && take_char(text, ':') &&
           take_number(text, 2, &c->minute) && take_char(text, ':') &&
           take_number(text, 2, &c->second);
}

/* Digits after the sixth are dropped. */
static bool take_fraction(const char **text, int64_t *us)
{
    *us = 0;
    if (!take_char(text, '.'))
        return true;
    if (!isdigit((unsigned char)**text))
        return false;
    for (int64_t unit = SECOND / 10; isdigit((unsigned char)**text); unit /= 10, (*text)++)
        *us += (**text - '0') * unit;
    return true;
}

/* `ahead` is in seconds, of UTC. */
static bool take_offset(const char **text, int64_t *ahead)
{
    int hour, minute;

    if (**text == '\0' || take_char(text, 'Z') || take_char(text, 'z'))
        return true;
    bool east = **text == '+';
    if ((!east && **text != '-') || !(*text)++ || !take_number(text, 2, &hour) ||
        !take_char(text, ':') || !take_number(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ahead = ((int64_t)hour * 60 + minute) * (east ? 60 : -60);
    return true;
}

/* After the date: nothing, or a blank and a time, or 'T', a time, perhaps a fraction, an offset. */
static bool take_rest(const char **text, struct calendar *c, int64_t *us, int64_t *ahead)
{
    if (**text == '\0')
        return true;
    if (take_char(text, ' '))
        return take_time(text, c);
    return (take_char(text, 'T') || take_char(text, 't')) && take_time(text, c) &&
           take_fraction(text, us) && take_offset(text, ahead);
}

bool instant_read(const char *text, struct instant *out)
{
    int64_t us = 0, ahead = 0;
    struct calendar c = { 0 };
    struct instant local;

    if (!take_date(&text, &c) || !take_rest(&text, &c, &us, &ahead) || *text != '\0' ||
        !calendar_instant(&c, &local))
        return false;
    int64_t second = local.us / SECOND - ahead;
    if (second < FIRST_SECOND || second > LAST_SECOND)
        return false;
    out->us = second * SECOND + us;
    return true;
}
